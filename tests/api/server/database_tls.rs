//! TLS to the database: with `sslmode=verify-full` the server talks to the host whose certificate it can verify, and to
//! no other.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::{
    database::TestDatabase,
    decisions::outage::Cluster,
    harness::{App, Running, config},
};

/// Certificates that openssl made: of an authority, of a server that it vouches for, and of another authority.
struct Certificates {
    folder: TempDir,
}

impl Certificates {
    fn make() -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let made = Self { folder };
        let authority = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
        for name in ["ca", "other"] {
            let (key, certificate) = (made.text("ca.key", name), made.text("ca.pem", name));
            let subject = format!("/CN={name}");
            made.openssl(
                "req",
                &[&authority[..], &["-subj", &subject, "-keyout", &key, "-out", &certificate]].concat(),
            );
        }
        let request = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost"];
        let (key, asked) = (made.text("key", "server"), made.text("csr", "server"));
        made.openssl("req", &[&request[..], &["-keyout", &key, "-out", &asked]].concat());
        let names = made.path("names");
        fs::write(&names, "subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n").expect("a file can be written");
        let (certificate, names) = (made.text("pem", "server"), names.display().to_string());
        let (ca, ca_key) = (made.text("ca.pem", "ca"), made.text("ca.key", "ca"));
        let signed = ["-req", "-in", &asked, "-CA", &ca, "-CAkey", &ca_key, "-CAcreateserial", "-days", "2"];
        made.openssl("x509", &[&signed[..], &["-extfile", &names, "-out", &certificate]].concat());
        made
    }

    fn openssl(&self, command: &str, arguments: &[&str]) {
        let output = Command::new("openssl").arg(command).args(arguments).output().expect("openssl is installed");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, kind: &str, name: &str) -> String {
        self.path(&format!("{name}.{kind}")).display().to_string()
    }

    /// Lets the PostgreSQL whose data are in `folder` speak TLS with the server's certificate.
    async fn install(&self, folder: &str, database: &TestDatabase) {
        let owner = fs::metadata(folder).expect("the server has a folder");
        for (file, setting) in [("pem", "ssl_cert_file"), ("key", "ssl_key_file")] {
            let target = Path::new(folder).join(format!("server.{file}"));
            fs::copy(self.text(file, "server"), &target).expect("the folder can be written");
            chown(&target, Some(owner.uid()), Some(owner.gid())).expect("the file can be the server's");
            fs::set_permissions(&target, fs::Permissions::from_mode(0o600)).expect("the file can be made secret");
            database.execute(&format!("ALTER SYSTEM SET {setting} = '{}'", target.display())).await;
        }
        database.execute("ALTER SYSTEM SET ssl = on").await;
        database.execute("SELECT pg_reload_conf()").await;
        while database.show("ssl").await != "on" {
            tokio::task::yield_now().await;
        }
    }
}

/// The URL with another host, and what it asks of TLS.
fn secured(url: &str, host: &str, mode: &str, authority: &str) -> String {
    format!("{}?sslmode={mode}&sslrootcert={authority}", url.replace("127.0.0.1", host))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_is_who_its_certificate_says() {
    let cluster = Cluster::start();
    let database = TestDatabase::of(cluster.url().to_owned()).await;
    let certificates = Certificates::make();
    certificates.install(&database.show("data_directory").await, &database).await;
    let (ours, other) = (certificates.text("ca.pem", "ca"), certificates.text("ca.pem", "other"));

    let mut configuration = config(&secured(&database.url, "localhost", "verify-full", &ours));
    configuration.database_connections = 2;
    let limits = configuration.database_limits;
    let app = App::on(database, Running::start(configuration).await);
    app.get("/health/ready").await.expect(200);
    app.get("/api/v1/tenants/").await.expect(200);
    let secure = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                  WHERE ssl AND application_name = 'call-acceptance'";
    assert!(app.database.number(secure).await > 0, "the server speaks TLS");

    for (host, mode, authority, right) in [
        ("127.0.0.1", "verify-ca", &ours, true),
        ("127.0.0.1", "verify-full", &ours, false),
        ("localhost", "verify-full", &other, false),
        ("localhost", "verify-ca", &other, false),
    ] {
        let url = secured(&app.database.url, host, mode, authority);
        let connected = call_acceptance::store::connect(&url, 1, limits).await;
        assert_eq!(connected.is_ok(), right, "{host} {mode}: {:?}", connected.err());
    }
    let App { server, database, .. } = app;
    server.stop().await;
    // The databases of the cluster go before the cluster does.
    drop(database);
    drop(cluster);
}
