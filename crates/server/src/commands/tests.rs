//! Commands as an operator types them, each on a data folder of its own.

use vouchkey_types::api_key::ApiKey;
use vouchkey_types::json::{self, Json};

use super::*;
use crate::store::{api_keys, organizations as rows, users as user_rows};

pub(super) struct Folder(pub(super) tempfile::TempDir);

impl Folder {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// With an organization in it.
    pub(super) async fn initialised() -> Self {
        let folder = Self::new();
        folder
            .answer("init --owner owner@example.com --public-url https://id.example")
            .await;
        folder
    }

    pub(super) async fn run(&self, line: &str) -> Result<Option<String>, CommandError> {
        let data = self.0.path().to_str().unwrap();
        let words = line.split_whitespace().chain(["--data", data]);
        dispatch(
            Cli::try_parse_from(std::iter::once("vouchkey").chain(words))
                .unwrap()
                .command,
        )
        .await
    }

    pub(super) async fn answer(&self, line: &str) -> String {
        self.run(line).await.unwrap().unwrap_or_default()
    }

    pub(super) async fn json(&self, line: &str) -> Json {
        json::read(self.answer(&format!("{line} --json")).await.as_bytes()).unwrap()
    }

    pub(super) async fn installation(&self) -> Installation {
        let flags = crate::config::Flags {
            data: Some(self.0.path().to_owned()),
            ..Default::default()
        };
        Installation::open(&flags).await.unwrap()
    }
}

fn text<'a>(json: &'a Json, name: &str) -> &'a str {
    json.get(name).and_then(Json::as_str).unwrap()
}

#[tokio::test]
async fn two_inits_at_once_make_one_organization_and_one_link() {
    let folder = Folder::new();
    let init = "init --owner owner@example.com --public-url https://id.example";
    let (one, two) = tokio::join!(folder.json(init), folder.json(init));
    assert_eq!(text(&one, "organization_id"), text(&two, "organization_id"));
    assert_eq!(one.get("workflows"), two.get("workflows"));
    let links: Vec<_> = [&one, &two]
        .into_iter()
        .filter_map(|answer| answer.get("owner")?.get("sign_in_url")?.as_str())
        .collect();
    assert!(
        matches!(links[..], [link] if link.starts_with("https://id.example/dashboard/sign-in#"))
    );
    let store = folder.installation().await.store;
    let organizations = store
        .read(async |conn| rows::oldest(conn, 9).await)
        .await
        .unwrap();
    assert_eq!(organizations.len(), 1);
}

#[tokio::test]
async fn among_several_organizations_one_must_be_named() {
    let folder = Folder::initialised().await;
    let create =
        "org create --name Second --owner second@example.com --public-url https://id.example";
    let second = folder.json(create).await;
    let refused = folder.run("keys create --environment live").await;
    assert!(
        matches!(refused, Err(CommandError::Usage(message)) if message.contains("--org") && message.contains("vouchkey org list"))
    );
    let organizations = folder.answer("org list").await;
    let names: Vec<_> = organizations
        .lines()
        .filter_map(|line| line.split_whitespace().last())
        .collect();
    assert_eq!(names, ["Example", "Second"]);
    let id = text(&second, "organization_id");
    folder
        .answer(&format!("keys create --environment live --org {id}"))
        .await;
    let organizations = folder.json("org list").await;
    let last = organizations
        .get("data")
        .and_then(Json::as_array)
        .unwrap()
        .last();
    assert_eq!(
        last.map(|row| [text(row, "id"), text(row, "name")]),
        Some([id, "Second"])
    );
    let listed = folder.json(&format!("keys list --org {id}")).await;
    assert_eq!(
        listed
            .get("data")
            .and_then(Json::as_array)
            .map(<[Json]>::len),
        Some(1)
    );

    let taken = folder
        .run("org create --name Third --owner SECOND@example.com")
        .await;
    assert!(matches!(taken, Err(CommandError::Failed(message)) if message.contains("address")));
}

#[tokio::test]
async fn a_key_is_shown_once_kept_as_a_hash_and_ended() {
    let folder = Folder::initialised().await;
    let made = folder
        .json("keys create --environment sandbox --label back --scopes sessions:read")
        .await;
    let secret = ApiKey::parse(text(&made, "secret")).unwrap();
    let (id, state) = (text(&made, "id"), folder.installation().await);
    let hash = state.secrets.api_key_hash(&secret);
    let row = state
        .store
        .read(async |conn| api_keys::find(conn, &hash).await)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (row.id.to_string().as_str(), row.scopes.to_string().as_str()),
        (id, "sessions:read")
    );

    let listed = folder.answer("keys list --json").await;
    assert!(listed.contains(id) && !listed.contains(secret.expose()));
    assert!(folder.answer("keys list").await.contains("active"));
    folder.answer(&format!("keys expire {id}")).await;
    assert!(folder.answer("keys list").await.contains("ended"));
    let unknown = folder
        .run("keys expire key_00000000000000000000000000")
        .await;
    assert!(matches!(unknown, Err(CommandError::Failed(_))));
}

#[tokio::test]
async fn a_list_of_keys_says_until_when_they_are_good_and_when_they_were_used() {
    let folder = Folder::initialised().await;
    for more in ["--label one --expires-at 2999-12-31", "--label two"] {
        folder.answer(&format!("keys create {more}")).await;
    }
    let installation = folder.installation().await;
    let organization = installation.organization(None).await.unwrap().id;
    let keys = installation
        .store
        .read(async |conn| api_keys::list(conn, organization).await)
        .await
        .unwrap();
    let now = keys[1].created_at;
    let shown = |used| {
        let mut keys = keys.clone();
        keys[1].last_used_at = used;
        super::keys::table(&keys, now)
    };
    let columns = |table: &str| -> Vec<String> {
        let column = |line: &str| line.split("  ").skip(1).collect::<Vec<_>>().join("  ");
        table.lines().map(column).collect()
    };
    let scopes = keys[0].scopes.to_string();
    assert_eq!(
        columns(&shown(Some(1_769_947_200_000))),
        [
            format!(
                "sandbox  secret       …{}  active until 2999-12-31T00:00:00Z  never used                 {scopes}  one",
                keys[0].hint
            ),
            format!(
                "sandbox  secret       …{}  active                             used 2026-02-01T12:00:00Z  {scopes}  two",
                keys[1].hint
            ),
        ]
    );
    assert!(
        shown(None)
            .lines()
            .all(|line| line.contains("  never used  session"))
    );
}

#[tokio::test]
async fn a_publishable_key_keeps_its_origins_as_browsers_spell_them() {
    let folder = Folder::initialised().await;
    let made = folder
        .json("keys create --environment live --kind publishable --label shop --origins https://Shop.example:443,http://localhost:3000,https://shop.example")
        .await;
    assert!(text(&made, "secret").starts_with("vk_pub_live_"));
    let listed = folder.json("keys list").await;
    let key = &listed.get("data").and_then(Json::as_array).unwrap()[0];
    assert_eq!(
        (text(key, "kind"), text(key, "id")),
        ("publishable", text(&made, "id"))
    );
    let lists = ["origins", "scopes"].map(|name| key.get(name).unwrap().to_text());
    assert_eq!(
        lists,
        [
            r#"["https://shop.example","http://localhost:3000"]"#,
            r#"["sessions:create"]"#
        ]
    );
    let shown = folder.answer("keys list").await;
    assert!(
        shown.contains("publishable") && shown.contains("https://shop.example"),
        "{shown}"
    );
    folder
        .answer(&format!("keys expire {}", text(key, "id")))
        .await;
    assert!(folder.answer("keys list").await.contains("ended"));
}

#[tokio::test]
async fn keys_that_cannot_work_are_wrong_usage() {
    let folder = Folder::initialised().await;
    for line in [
        "keys create --environment live --kind publishable",
        "keys create --kind publishable --origins https://a.example --scopes sessions:read",
        "keys create --origins https://a.example",
        "keys create --environment live --expires-at 2020-01-01T00:00:00Z",
    ] {
        assert!(
            matches!(folder.run(line).await, Err(CommandError::Usage(_))),
            "{line}"
        );
    }
}

#[tokio::test]
async fn a_new_link_takes_the_place_of_the_one_before() {
    let folder = Folder::initialised().await;
    let place = "--public-url https://id.example";
    let create = format!("users create --email Jane@example.com --role viewer {place}");
    let first = folder.answer(&create).await;
    assert!(matches!(
        folder.run(&create).await,
        Err(CommandError::Failed(_))
    ));
    let second = folder
        .answer(&format!(
            "users reset-password --email jane@EXAMPLE.com {place}"
        ))
        .await;
    assert_ne!(first, second);
    let store = folder.installation().await.store;
    let user = store
        .read(async |conn| user_rows::find_by_email(conn, "jane@example.com").await)
        .await;
    let user = user.unwrap().unwrap();
    assert_eq!(
        (user.email.as_str(), user.role),
        ("jane@example.com", user_rows::Role::Viewer)
    );
    let nobody = folder
        .run("users reset-password --email nobody@example.com")
        .await;
    assert!(matches!(nobody, Err(CommandError::Failed(_))));
}

#[tokio::test]
async fn settings_that_are_not_named_stay() {
    let folder = Folder::initialised().await;
    folder
        .answer("org set --support-url https://example.com/help --accent-colour #0F5FD7")
        .await;
    let shown = folder
        .answer("org set --name Renamed --redirect-hosts a.example,B.example")
        .await;
    for (name, value) in [
        ("name", "Renamed"),
        ("support-url", "https://example.com/help"),
        ("accent-colour", "#0f5fd7"),
        ("redirect-hosts", "a.example,b.example"),
        ("embed-origins", "-"),
    ] {
        assert!(
            shown
                .lines()
                .any(|line| line.split_whitespace().eq([name, value])),
            "{name} in {shown}"
        );
    }
}

#[tokio::test]
async fn migrate_says_what_it_did_and_makes_no_root_key() {
    let folder = Folder::new();
    let first = folder.json("migrate").await;
    let number = |answer: &Json, name| answer.get(name).map(Json::to_text).unwrap();
    assert_eq!(number(&first, "from"), "0");
    let taken = first.get("taken").and_then(Json::as_array).unwrap();
    assert_eq!(number(&first, "to"), taken.len().to_string());
    assert_eq!(taken[0].to_text(), r#"{"step":1,"name":"first"}"#);
    let again = folder.answer("migrate").await;
    assert!(again.contains("nothing was changed"), "{again}");
    let files = std::fs::read_dir(folder.0.path()).unwrap();
    let names: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name == "root.key"), "{names:?}");

    let other = Folder::new();
    let first = other.answer("migrate").await;
    assert!(
        first.starts_with("step 1: first\n") && first.contains("was empty"),
        "{first}"
    );
}
