//! `call-acceptance token`: manages tokens from the command line, such as the first one.

use std::io::Write;

use call_acceptance_api::{
    access::{Actor, Role},
    resource::token::{Token, TokenCreate, TokenId, Tokens},
    value::{
        name::{GroupId, Label, TenantId, UserId},
        time::Instant,
    },
    wire::{
        page::{Limit, PageQuery},
        problem::{Failure, Fault, ProblemCode},
    },
};
use clap::{Args, Subcommand};
use jiff::{Span, Timestamp, tz::TimeZone};

use crate::{
    app::{self, StartError},
    clock::{Clock, SystemClock},
    config::Config,
};

#[derive(Debug, Clone, Subcommand)]
pub enum TokenCommand {
    /// Create a token, and print only the token on standard output. It is not shown again
    Create(Create),
    /// List the tokens: identifier, role, scope, expiry, last use, description
    List,
    /// Revoke a token: after 5 seconds no instance accepts it any more
    Revoke {
        /// The identifier of the token: the part between `ca_` and the next `_`
        #[arg(value_parser = TokenId::parse)]
        token_id: TokenId,
    },
}

#[derive(Debug, Clone, Args)]
pub struct Create {
    /// The role that the token grants
    #[arg(long, value_parser = role, value_name = "system_admin|tenant_admin|group_admin|end_user|call_processing")]
    role: Role,
    /// The tenant of the scope
    #[arg(long, value_parser = TenantId::parse)]
    tenant: Option<TenantId>,
    /// The group of the scope
    #[arg(long, value_parser = GroupId::parse, requires = "tenant")]
    group: Option<GroupId>,
    /// The user of the scope
    #[arg(long, value_parser = UserId::parse, requires = "group")]
    user: Option<UserId>,
    /// The token may only read
    #[arg(long)]
    read_only: bool,
    /// The lifetime, as in 90d or 12h; unlimited if left out
    #[arg(long, value_parser = expiry, value_name = "DURATION")]
    expires: Option<Span>,
    /// The purpose of the token
    #[arg(long, value_parser = Label::parse, value_name = "TEXT")]
    description: Option<Label>,
}

fn role(text: &str) -> Result<Role, String> {
    let known = || Role::ALL.map(Role::as_str).join(", ");
    Role::parse(text).ok_or_else(|| format!("it is not one of {}", known()))
}

fn expiry(text: &str) -> Result<Span, String> {
    let span = text.parse::<Span>().ok().filter(|span| span.is_positive());
    span.ok_or_else(|| "it is not a duration, like 90d or 12h".to_owned())
}

/// The instant after `span`; days and longer units are calendar units in UTC.
fn after(now: Timestamp, span: Span) -> Result<Instant, Failure> {
    let end = now.to_zoned_datetime(TimeZone::UTC).checked_add(span);
    let end =
        end.map_err(|_| Failure::invalid(vec![Fault::of_parameter("expires", "The time is too far in the future.")]))?;
    Ok(Instant::of(end.timestamp()))
}

impl TokenCommand {
    /// Runs the command.
    pub async fn run(self, config: &Config) -> Result<(), StartError> {
        let server = app::server(config).await?;
        let request_id = SystemClock.new_id().to_string();
        let result = match self {
            Self::Create(create) => create.run(&server, &Actor::command("token_create", request_id)).await,
            Self::List => list(&server, &Actor::command("tokens_list", request_id)).await,
            Self::Revoke { token_id } => {
                let by = Actor::command("token_revoke", request_id);
                Tokens::revoke(&server, &by, token_id).await.map(|()| String::new())
            }
        };
        let printed = result.map_err(|failure| StartError::Command(failure.to_string()))?;
        Ok(std::io::stdout().write_all(printed.as_bytes())?)
    }
}

impl Create {
    async fn run(self, server: &impl Tokens, by: &Actor) -> Result<String, Failure> {
        let Self { role, tenant, group, user, read_only, expires, description } = self;
        let create = TokenCreate {
            role,
            tenant_id: tenant,
            group_id: group,
            user_id: user,
            read_only,
            description,
            expires_at: expires.map(|span| after(SystemClock.now(), span)).transpose()?,
        };
        if !create.scope().is_some_and(|scope| role.fits(&scope)) {
            return Err(Failure::refused(ProblemCode::InvalidRequest, needs(role)));
        }
        Ok(format!("{}\n", server.create(by, create).await?.token.unwrap_or_default()))
    }
}

fn needs(role: Role) -> &'static str {
    match role {
        Role::SystemAdmin => "The role system_admin has the whole system as its scope; leave --tenant out.",
        Role::TenantAdmin => "The role tenant_admin needs a tenant: --tenant alone.",
        Role::GroupAdmin => "The role group_admin needs a group: --tenant and --group.",
        Role::EndUser => "The role end_user needs a user: --tenant, --group and --user.",
        Role::CallProcessing => "A user is within a group, and a group within a tenant: --tenant, --group and --user.",
    }
}

async fn list(server: &impl Tokens, by: &Actor) -> Result<String, Failure> {
    let mut text = String::new();
    let mut after = None;
    loop {
        let page = server.list(by, PageQuery { limit: Limit::default(), after }).await?;
        page.tokens.iter().for_each(|token| text.push_str(&line(token)));
        after = page.next;
        if after.is_none() {
            return Ok(text);
        }
    }
}

fn line(token: &Token) -> String {
    let scope = [
        token.tenant_id.as_ref().map(TenantId::as_str),
        token.group_id.as_ref().map(GroupId::as_str),
        token.user_id.as_ref().map(UserId::as_str),
    ];
    let scope: Vec<_> = scope.into_iter().flatten().collect();
    let instant = |instant: &Option<Instant>| instant.as_ref().map_or("-", Instant::as_str).to_owned();
    format!(
        "{}  {}{}  {}  expires {}  used {}  {}\n",
        token.token_id,
        token.role.as_str(),
        if token.read_only { ", read-only" } else { "" },
        if scope.is_empty() { "everything".to_owned() } else { scope.join("/") },
        instant(&token.expires_at),
        instant(&token.last_used_at),
        token.description.as_ref().map_or("", Label::as_str),
    )
}
