/// # Synthesis
///
/// Makes any number of requests from a scenario and a schema, with the truth attached.
///
/// ```swift
/// let plan = try SynthesisPlan(scenario, schemas, total: 100_000, seed: 1, anomalyRate: 20_000_000)   // 2 %
/// var maker = LeafMaker(plan)
/// try maker.make(17, .init()) { output in … output.exchange … }    // any leaf, in any order, on any machine
/// ```
///
/// Exchange i is a pure function of scenario digest, seed, N and i:
/// - Randomness is counter-based (``Philox``) and keyed by stable paths (``KeyRing``); samplers work in whole numbers.
/// - ``DivisionTree`` divides the background over equal shares of the expected volume and over entity cohorts;
///   ``TimeShape`` turns shares into times. A leaf is made whole, ordered by time; ``LeafPlan`` says how many there are.
/// - ``Quotas`` solves the counts of anomalies first. Campaigns (``CampaignPlan``) are functions of their number; the
///   leaves that they touch find them by their start. Anomalies of single exchanges are placed by a ``Permutation`` of
///   the background, so that counts are exact.
/// - A scenario is compiled into a ``Program`` for clean exchanges and one for each kind of anomaly (whose `with`
///   says what is made otherwise); a ``Machine`` runs it; ``RequestWriter`` writes Thrift or JSON straight from its cells.
/// - ``Injection`` changes values just before they are written, or the bytes (L0); a twin is the same exchange before that.
/// - ``Oracle`` reads the finished bytes again with code of its own and confirms every label.
package enum SynthesisModule {}
