//! Who is signed in, and what the organization allows.

use vouchkey_types::api_key::Environment;
use vouchkey_types::id::WorkflowId;
use vouchkey_types::json::Json;

use super::{items, text, texts};

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Me {
    id: String,
    pub(crate) email: String,
    pub(crate) role: String,
    pub(crate) organization: String,
    /// The brand that an invitation shows where a session names none.
    pub(crate) brand: String,
    /// Schemes beside http and https that `redirect_url` may have.
    pub(crate) schemes: Vec<String>,
    pub(crate) scopes: Vec<String>,
    live: Vec<Workflow>,
    sandbox: Vec<Workflow>,
    /// Whether mail lands in the embedded mailbox instead of going out.
    pub(crate) has_mailbox: bool,
    pub(crate) public_url: String,
    pub(crate) version: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Workflow {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) is_default: bool,
}

impl Me {
    pub(crate) fn read(json: &Json) -> Option<Self> {
        let (user, organization) = (json.get("user")?, json.get("organization")?);
        let name = text(organization, "name")?;
        Some(Self {
            id: text(user, "id")?,
            email: text(user, "email")?,
            role: text(user, "role")?,
            brand: text(organization, "email_display_name").unwrap_or_else(|| name.clone()),
            organization: name,
            schemes: texts(organization, "allowed_redirect_schemes").unwrap_or_default(),
            scopes: texts(json, "scopes").unwrap_or_default(),
            live: items(json.get("workflows")?, "live", Workflow::read)?,
            sandbox: items(json.get("workflows")?, "sandbox", Workflow::read)?,
            has_mailbox: text(json, "mail").is_some_and(|mail| mail == "mailbox"),
            public_url: text(json, "public_url")?,
            version: text(json, "version").unwrap_or_default(),
        })
    }

    /// Whether this is the same person; each belongs to one organization.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.id == other.id
    }

    /// The active workflows of an environment.
    pub(crate) fn workflows(&self, environment: Environment) -> &[Workflow] {
        match environment {
            Environment::Live => &self.live,
            Environment::Sandbox => &self.sandbox,
        }
    }

    /// Whether there is an active workflow of this id.
    pub(crate) fn has_workflow(&self, environment: Environment, id: &WorkflowId) -> bool {
        let id = id.to_string();
        self.workflows(environment)
            .iter()
            .any(|workflow| workflow.id == id)
    }

    /// Whether the role may create sessions.
    pub(crate) fn can_create(&self) -> bool {
        self.scopes
            .iter()
            .any(|scope| scope == "sessions:create" || scope == "sessions:write")
    }
}

impl Workflow {
    fn read(json: &Json) -> Option<Self> {
        Some(Self {
            id: text(json, "id")?,
            name: text(json, "name")?,
            is_default: json
                .get("is_default")
                .and_then(Json::as_bool)
                .unwrap_or(false),
        })
    }
}
