//! Creations with as many rows each, which one text of several statements writes.

use std::sync::LazyLock;

use sqlx::AnyConnection;

use super::CreateSession;
use crate::store::rows::{Places, RowTexts};
use crate::store::{
    Engine, StoreError, capture_links, data_keys, mailbox, outbox, session_events, sessions,
};

/// The shapes that most creations have: with an invitation that the embedded mailbox keeps and a note of it, with one that
/// waits for the worker and a note of it, and without one.
pub(super) static SHAPES: [Shape; 3] = [
    Shape {
        invitation: Invitation::IsKept,
        texts: LazyLock::new(|| Invitation::IsKept.texts()),
    },
    Shape {
        invitation: Invitation::Waits,
        texts: LazyLock::new(|| Invitation::Waits.texts()),
    },
    Shape {
        invitation: Invitation::None,
        texts: LazyLock::new(|| Invitation::None.texts()),
    },
];

/// A shape, with the texts for its creations.
pub(super) struct Shape {
    invitation: Invitation,
    texts: LazyLock<RowTexts>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Invitation {
    None,
    Waits,
    IsKept,
}

impl Invitation {
    fn of(new: &CreateSession) -> Self {
        match (&new.invitation, &new.kept) {
            (None, _) => Self::None,
            (Some(_), None) => Self::Waits,
            (Some(_), Some(_)) => Self::IsKept,
        }
    }

    /// The events of a session with such an invitation: its creation, and what became of the invitation.
    const fn events(self) -> usize {
        match self {
            Self::None => 1,
            Self::Waits | Self::IsKept => 2,
        }
    }

    fn texts(self) -> RowTexts {
        let mut statements = vec![
            (data_keys::INSERT, 1),
            (sessions::INSERT, 1),
            (capture_links::INSERT, 1),
            (session_events::INSERT, self.events()),
        ];
        match self {
            Self::None => {}
            Self::Waits => statements.push((outbox::INSERT, 1)),
            Self::IsKept => statements.extend([(outbox::INSERT_SENT, 1), (mailbox::INSERT, 1)]),
        }
        RowTexts::of_several(&statements)
    }
}

impl Shape {
    pub(super) fn fits(&self, new: &CreateSession) -> bool {
        new.events.len() == self.invitation.events() && Invitation::of(new) == self.invitation
    }

    pub(super) async fn insert(
        &'static self,
        conn: &mut AnyConnection,
        new: &[&CreateSession],
    ) -> Result<(), StoreError> {
        for (sql, part) in self.texts.parts(Engine::of(conn), new) {
            let mut places = Places::of(sql);
            for new in part {
                places = data_keys::bind(places, &new.data_key);
            }
            for new in part {
                places = sessions::bind(places, &new.session);
            }
            for new in part {
                places = capture_links::bind(places, &new.link);
            }
            for event in part.iter().flat_map(|new| &new.events) {
                places = session_events::bind(places, event);
            }
            for invitation in part.iter().filter_map(|new| new.invitation.as_ref()) {
                places = match self.invitation {
                    Invitation::IsKept => outbox::bind_sent(places, invitation),
                    _ => outbox::bind(places, invitation),
                };
            }
            for kept in part.iter().filter_map(|new| new.kept.as_ref()) {
                places = mailbox::bind(places, kept);
            }
            places.query().execute(&mut *conn).await?;
        }
        Ok(())
    }
}
