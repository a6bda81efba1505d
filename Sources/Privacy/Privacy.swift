/// # Privacy
///
/// Finds personal data in messages and puts pseudonyms in its place, before anything is written.
///
/// ```swift
/// let plan = MaskingPlan(policy: .builtIn, key: MaskingKey(secret), schema: schema)
/// var masker = Masker(plan)                       // one for each thread; they share the plan
/// let outcome = masker.maskHTTP(&wire, head, framing)
/// for span in masker.spans { … }                  // what was changed, and of which class it was
/// ```
///
/// - ``FF1`` is the cipher (NIST SP 800-38G), ``Pseudonyms`` knows what of each class must stay true of a value.
/// - ``ValueScanner`` finds values by what they look like, ``FieldNames`` by what they are called.
/// - ``Masker`` walks HTTP, JSON, forms, multipart and Thrift, and changes them in place: every length stays.
///
/// Under one key a value has one pseudonym, whatever field, file or protocol it stands in, so that what belonged together
/// still does.
package enum PrivacyModule {}
