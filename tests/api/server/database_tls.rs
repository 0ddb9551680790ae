//! TLS to the database: with `sslmode=verify-full` the server talks to the host whose certificate it can verify, and to
//! no other.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::Path,
};

use call_acceptance::config::TlsFiles;

use crate::{
    certificates::Authority,
    database::TestDatabase,
    decisions::outage::Cluster,
    harness::{App, Running, config},
};

/// Lets the PostgreSQL whose data are in `folder` speak TLS with a certificate.
async fn install(files: &TlsFiles, folder: &str, database: &TestDatabase) {
    let owner = fs::metadata(folder).expect("the server has a folder");
    for (file, setting) in [(&files.certificate, "ssl_cert_file"), (&files.key, "ssl_key_file")] {
        let target = Path::new(folder).join(file.file_name().expect("it is a file"));
        fs::copy(file, &target).expect("the folder can be written");
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

/// The URL with another host, and what it asks of TLS.
fn secured(url: &str, host: &str, mode: &str, authority: &str) -> String {
    format!("{}?sslmode={mode}&sslrootcert={authority}", url.replace("127.0.0.1", host))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_is_who_its_certificate_says() {
    let cluster = Cluster::start();
    let database = TestDatabase::of(cluster.url().to_owned()).await;
    let (vouching, unknown) = (Authority::new(), Authority::new());
    install(&vouching.issue(2020..2100), &database.show("data_directory").await, &database).await;
    let [ours, other] = [&vouching, &unknown].map(|authority| authority.certificate().display().to_string());

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
