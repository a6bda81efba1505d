/// # Tagging
///
/// The stress-test tag and the places where it can ride. ``Carrier`` names one place and what stands there;
/// ``Tagger`` writes every enabled carrier into a request and keeps a journal that undoes exactly that; ``TagReader``
/// says where a request already carries a tag. Everything works on whole messages as they are on the wire, and every
/// byte that is not part of the tag stays as it was.
///
/// ```swift
/// let tagger = Tagger(carriers: try Carrier.parse("default"), run: "run-7")
/// let tagged = try tagger.tag(request, .http1)
/// tagged.bytes                          // … x-stress-test: run-7 … baggage: stress-test=run-7 …
/// try tagged.stripped()                 // the request again, byte for byte
/// ```
