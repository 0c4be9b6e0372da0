//! The bytes that JavaScript and the rules exchange, without a copy more than the one into this
//! memory.
//!
//! JavaScript asks for the address of the inbox, writes what it has to say with
//! `TextEncoder.encodeInto`, and calls an export with the lengths of its parts. What there is to
//! read stands in the outbox until the next call. Nothing here calls JavaScript, and no call is made
//! while another one is on its way in the same instance.

use std::cell::Cell;
use std::mem::ManuallyDrop;

/// Bytes that live as long as the module: a destructor would never run, but weigh.
type Room = Cell<ManuallyDrop<Vec<u8>>>;

thread_local! {
    static INBOX: Room = const { Cell::new(ManuallyDrop::new(Vec::new())) };
    static OUTBOX: Room = const { Cell::new(ManuallyDrop::new(Vec::new())) };
}

fn put(room: &Room, bytes: Vec<u8>) -> Vec<u8> {
    ManuallyDrop::into_inner(room.replace(ManuallyDrop::new(bytes)))
}

/// Makes the inbox hold just this many bytes; its address. A smaller one gives memory back.
pub(super) fn reserve(bytes: usize) -> usize {
    // The old one first, so that there are never two.
    drop(take());
    let empty = vec![0; bytes];
    // Exposed, since JavaScript writes through it.
    let address = empty.as_ptr().expose_provenance();
    Inbox(empty).put_back();
    address
}

/// What stands in the inbox, while it is read. Calls in between find it empty.
pub(super) struct Inbox(Vec<u8>);

pub(super) fn take() -> Inbox {
    Inbox(INBOX.with(|inbox| put(inbox, Vec::new())))
}

impl Inbox {
    /// Its parts, one behind the other, of these lengths.
    ///
    /// # Panics
    ///
    /// Where they are not there, which is to say that a call was interrupted before: nothing may be
    /// judged as if it were empty. JavaScript then begins with a new instance.
    pub(super) fn parts<const PARTS: usize>(&self, lengths: [usize; PARTS]) -> [&[u8]; PARTS] {
        let mut rest = self.0.as_slice();
        lengths.map(|length| {
            let (part, after) = rest.split_at(length);
            rest = after;
            part
        })
    }

    /// For the next call, which may write into the same place.
    pub(super) fn put_back(self) {
        INBOX.with(|inbox| put(inbox, self.0));
    }
}

/// Puts an answer into the outbox; its length.
pub(super) fn answer(bytes: Vec<u8>) -> i32 {
    let length = i32::try_from(bytes.len()).unwrap_or(i32::MAX);
    OUTBOX.with(|outbox| drop(put(outbox, bytes)));
    length
}

/// The address of the outbox.
pub(super) fn outbox() -> usize {
    OUTBOX.with(|outbox| {
        let bytes = put(outbox, Vec::new());
        let address = bytes.as_ptr().expose_provenance();
        put(outbox, bytes);
        address
    })
}
