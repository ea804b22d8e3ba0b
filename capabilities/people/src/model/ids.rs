//! Identifiers of this capability's own rows.

store::ids! {
    /// A family member, guardian or emergency contact.
    ContactId,
    /// A service address of a household.
    AddressId,
    /// One imported file.
    BatchId,
    /// One question of the review queue for duplicates.
    ReviewId,
    /// One merge, so that it can be undone.
    MergeId,
}
