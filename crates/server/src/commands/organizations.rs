//! Organizations: setting the first one up, adding others, changing their settings.

mod list;

use sqlx::AnyConnection;
use vouchkey_types::api_key::Environment;
use vouchkey_types::email::EmailAddress;
use vouchkey_types::json::Json;
use vouchkey_types::object;

use super::arguments::{InitArguments, OrgCreateArguments, OrgSetArguments};
use super::installation::Installation;
use super::{CommandError, complain, users};
use crate::store::organizations::{self, OrganizationRow};
use crate::store::users::{Role, SignInLinkRow, UserRow};
use crate::store::workflows::WorkflowRow;
use crate::store::{Change, Engine, StoreError, users as user_rows, workflows};

pub(super) use list::list;

/// What the first organization is called unless it is said.
const FIRST_NAME: &str = "Example";

/// Adds the first organization. Again it changes nothing and answers what is there, with a note if something else was
/// asked for.
pub(super) async fn init(
    installation: &Installation,
    arguments: &InitArguments,
) -> Result<String, CommandError> {
    if let Some(there) = first(installation).await? {
        return again(installation, arguments, &there).await;
    }
    let name = arguments.organization.as_deref().unwrap_or(FIRST_NAME);
    let (new, change) = plan(installation, name, &arguments.owner);
    let change = AddOrganization {
        only_as_first: true,
        ..change
    };
    let is_added = add(installation, change).await?;
    match first(installation).await? {
        // Another `init` was faster.
        Some(there) if !is_added => again(installation, arguments, &there).await,
        _ => Ok(new.to_text(arguments.json)),
    }
}

async fn again(
    installation: &Installation,
    arguments: &InitArguments,
    there: &OrganizationRow,
) -> Result<String, CommandError> {
    let answer = describe(installation, there).await?;
    let is_called_so = arguments
        .organization
        .as_ref()
        .is_none_or(|name| *name == there.name);
    if !is_called_so || user_rows::normal_email(arguments.owner.as_str()) != answer.owner {
        complain(
            "note: the installation exists already, with another owner or name than that; nothing was changed. \
             `vouchkey users create --role owner` adds an owner, `vouchkey org set --name` renames an organization, \
             `vouchkey org create` adds one",
        );
    }
    Ok(answer.to_text(arguments.json))
}

async fn first(installation: &Installation) -> Result<Option<OrganizationRow>, StoreError> {
    let mut oldest = installation
        .store
        .read(async |conn| organizations::oldest(conn, 1).await)
        .await?;
    Ok(oldest.pop())
}

pub(super) async fn create(
    installation: &Installation,
    arguments: &OrgCreateArguments,
) -> Result<String, CommandError> {
    let (answer, change) = plan(installation, &arguments.name, &arguments.owner);
    add(installation, change).await?;
    Ok(answer.to_text(arguments.json))
}

pub(super) async fn set(
    installation: &Installation,
    arguments: &OrgSetArguments,
) -> Result<String, CommandError> {
    let mut row = installation
        .organization(arguments.organization.org)
        .await?;
    if let Some(name) = &arguments.name {
        row.name.clone_from(name);
    }
    set_text(
        &mut row.email_display_name,
        arguments.email_display_name.as_ref(),
    );
    set_text(&mut row.support_url, arguments.support_url.as_ref());
    set_text(&mut row.accent_colour, arguments.accent_colour.as_ref());
    set_list(&mut row.redirect_hosts, arguments.redirect_hosts.as_ref());
    set_list(
        &mut row.allowed_redirect_schemes,
        arguments.allowed_redirect_schemes.as_ref(),
    );
    set_list(&mut row.embed_origins, arguments.embed_origins.as_ref());
    row.updated_at = installation.clock.now_ms();
    let text = settings_text(&row);
    installation.store.write(UpdateOrganization(row)).await?;
    Ok(text)
}

fn set_text(setting: &mut Option<String>, given: Option<&String>) {
    if let Some(text) = given {
        *setting = Some(text.clone()).filter(|text| !text.is_empty());
    }
}

fn set_list(setting: &mut Vec<String>, given: Option<&Vec<String>>) {
    if let Some(items) = given {
        *setting = items
            .iter()
            .filter(|item| !item.is_empty())
            .cloned()
            .collect();
        setting.dedup();
    }
}

fn settings_text(row: &OrganizationRow) -> String {
    let or_none = |setting: &Option<String>| setting.clone().unwrap_or_else(|| "-".to_owned());
    let list = |items: &[String]| {
        if items.is_empty() {
            "-".to_owned()
        } else {
            items.join(",")
        }
    };
    [
        ("organization", row.id.to_string()),
        ("name", row.name.clone()),
        ("email-display-name", or_none(&row.email_display_name)),
        ("support-url", or_none(&row.support_url)),
        ("redirect-hosts", list(&row.redirect_hosts)),
        (
            "allowed-redirect-schemes",
            list(&row.allowed_redirect_schemes),
        ),
        ("embed-origins", list(&row.embed_origins)),
        ("accent-colour", or_none(&row.accent_colour)),
    ]
    .map(|(name, value)| format!("{name:<25} {value}"))
    .join("\n")
}

/// What `init` and `org create` answer.
struct Answer {
    organization: String,
    owner: String,
    sign_in_url: Option<String>,
    live: Option<String>,
    sandbox: Option<String>,
}

impl Answer {
    fn to_text(&self, is_json: bool) -> String {
        if is_json {
            let owner = object! { "email": self.owner.as_str(), "sign_in_url": self.sign_in_url.as_deref() };
            let workflows =
                object! { "live": self.live.as_deref(), "sandbox": self.sandbox.as_deref() };
            let answer = object! {
                "organization_id": self.organization.as_str(),
                "owner": owner,
                "workflows": workflows,
            };
            return Json::from(answer).to_text();
        }
        let workflow = |id: &Option<String>| id.clone().unwrap_or_else(|| "-".to_owned());
        let link = self.sign_in_url.as_ref().map_or_else(String::new, |link| {
            format!("\n\nSet a password and sign in (good once, for an hour):\n{link}")
        });
        format!(
            "Organization       {}\nOwner              {}\nWorkflow, live     {}\nWorkflow, sandbox  {}{link}",
            self.organization,
            self.owner,
            workflow(&self.live),
            workflow(&self.sandbox)
        )
    }
}

/// An organization with its workflows and its owner, and what to answer once it is written.
fn plan(
    installation: &Installation,
    name: &str,
    owner: &EmailAddress,
) -> (Answer, AddOrganization) {
    let clock = &installation.clock;
    let now = clock.now_ms();
    let organization = OrganizationRow::new(clock.id(), name.to_owned(), now);
    let workflow = |environment| WorkflowRow {
        organization: organization.id,
        id: clock.id(),
        environment,
        name: "Default".to_owned(),
        is_default: true,
        is_active: true,
        created_at: now,
    };
    let user = UserRow {
        id: clock.id(),
        organization: organization.id,
        email: user_rows::normal_email(owner.as_str()),
        role: Role::Owner,
        password_hash: None,
        created_at: now,
    };
    let (sign_in_url, link) = users::one_time_link(installation, organization.id, user.id);
    let workflows = [workflow(Environment::Live), workflow(Environment::Sandbox)];
    let answer = Answer {
        organization: organization.id.to_string(),
        owner: user.email.clone(),
        sign_in_url: Some(sign_in_url),
        live: Some(workflows[0].id.to_string()),
        sandbox: Some(workflows[1].id.to_string()),
    };
    let change = AddOrganization {
        organization,
        workflows,
        user,
        link,
        only_as_first: false,
    };
    (answer, change)
}

/// False if there is an organization, and this was to be the first.
async fn add(installation: &Installation, change: AddOrganization) -> Result<bool, CommandError> {
    match installation.store.write(change).await {
        Ok(is_added) => Ok(is_added),
        Err(StoreError::UniqueViolation) => Err(CommandError::Failed(
            "there is a user with this address already; one address belongs to one organization"
                .to_owned(),
        )),
        Err(error) => Err(error.into()),
    }
}

async fn describe(
    installation: &Installation,
    organization: &OrganizationRow,
) -> Result<Answer, CommandError> {
    let id = organization.id;
    let (owner, live, sandbox) = installation
        .store
        .read(async |conn| {
            Ok((
                user_rows::first_owner(conn, id).await?,
                workflows::list_active(conn, id, Environment::Live).await?,
                workflows::list_active(conn, id, Environment::Sandbox).await?,
            ))
        })
        .await?;
    let first =
        |workflows: &[WorkflowRow]| workflows.first().map(|workflow| workflow.id.to_string());
    Ok(Answer {
        organization: id.to_string(),
        owner: owner.map(|owner| owner.email).unwrap_or_default(),
        sign_in_url: None,
        live: first(&live),
        sandbox: first(&sandbox),
    })
}

struct AddOrganization {
    organization: OrganizationRow,
    workflows: [WorkflowRow; 2],
    user: UserRow,
    link: SignInLinkRow,
    only_as_first: bool,
}

impl Change for AddOrganization {
    /// Whether it was added.
    type Outcome = bool;

    async fn apply(self, conn: &mut AnyConnection, _: Engine) -> Result<bool, StoreError> {
        if self.only_as_first && !organizations::oldest(conn, 1).await?.is_empty() {
            return Ok(false);
        }
        organizations::insert(conn, &self.organization).await?;
        for workflow in &self.workflows {
            workflows::insert(conn, workflow).await?;
        }
        user_rows::insert(conn, &self.user).await?;
        user_rows::insert_link(conn, &self.link).await?;
        Ok(true)
    }
}

struct UpdateOrganization(OrganizationRow);

impl Change for UpdateOrganization {
    type Outcome = ();

    async fn apply(self, conn: &mut AnyConnection, _: Engine) -> Result<(), StoreError> {
        organizations::update(conn, &self.0).await
    }
}
