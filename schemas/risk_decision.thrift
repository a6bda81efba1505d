/*
 * The risk decision: asked before a payment (or a sign-up, a login, a withdrawal …) goes on, answered within a few
 * hundred milliseconds. Payments of China, Brazil and Mexico are the model; amounts are in minor units of the currency
 * (fen, centavos), times in milliseconds since 1970 UTC.
 *
 * Annotations that Tinct understands:
 *   tinct.id = "true"   the field identifies the request; sending it twice with the same value is a duplicate
 *   pii.class = "..."   the field holds personal data of that class
 */
namespace cpp tinct.risk
namespace py tinct_risk
namespace java tinct.risk
namespace go tinct.risk

/** What the customer is about to do. */
enum Scene {
  signUp = 1,
  login = 2,
  payment = 3,
  transfer = 4,
  withdrawal = 5,
  refund = 6,
  bindCard = 7,
  profileChange = 8
}

enum Channel {
  app = 1,
  web = 2,
  miniProgram = 3,
  pointOfSale = 4,
  callCenter = 5,
  partnerApi = 6
}

enum Platform {
  ios = 1,
  android = 2,
  browser = 3,
  terminal = 4
}

/** Which register a national id comes from, and so how its check digit is computed. */
enum NationalIdType {
  /** China, GB 11643: 17 digits and a check character. */
  residentId = 1,
  /** Brazil: 11 digits, the last two are check digits. */
  cpf = 2,
  /** Mexico: 18 characters, the last is a check digit. */
  curp = 3,
  passport = 4
}

enum PaymentMethod {
  card = 1,
  wallet = 2,
  bankTransfer = 3,
  pix = 4,
  spei = 5,
  boleto = 6,
  cash = 7
}

enum Decision {
  approve = 1,
  decline = 2,
  review = 3,
  stepUp = 4
}

/** How a customer is asked to prove themselves when the decision is stepUp. */
enum Challenge {
  oneTimeCode = 1,
  faceMatch = 2,
  threeDSecure = 3,
  documentUpload = 4
}

enum ErrorCode {
  invalidArgument = 1,
  unknownScene = 2,
  dependencyTimeout = 3,
  internalError = 4,
  notFound = 5
}

/** What became of a request after the decision. */
enum Outcome {
  settled = 1,
  abandoned = 2,
  chargedBack = 3,
  reportedFraud = 4,
  challengePassed = 5,
  challengeFailed = 6
}

/** Where a call came from; hintCode & 1 marks a stress test. */
struct Trace {
  1: required string logId,
  2: required string caller,
  3: optional string spanId,
  4: optional string srcMethod,
  5: optional i64 hintCode,
  6: optional string hintContent
}

struct GeoPoint {
  1: required double latitude (pii.class = "location"),
  2: required double longitude (pii.class = "location"),
  3: optional i32 accuracyMeters
}

struct User {
  1: required string userId (pii.class = "accountId"),
  2: optional string name (pii.class = "name"),
  /** E.164, with the plus sign. */
  3: optional string phone (pii.class = "phone"),
  4: optional string email (pii.class = "email"),
  5: optional string nationalId (pii.class = "nationalId"),
  6: optional NationalIdType nationalIdType,
  /** YYYY-MM-DD. */
  7: optional string birthDate (pii.class = "birthDate"),
  8: optional i64 registeredAtMillis,
  /** 0 unverified … 3 seen in person. */
  9: optional i32 kycLevel,
  10: optional string city,
  11: optional bool phoneVerified,
  12: optional i32 failedLoginsLastDay
}

struct Device {
  1: required string deviceId (pii.class = "deviceId"),
  2: required Platform platform,
  3: optional string model,
  4: optional string osVersion,
  /** IPv4 or IPv6 in text form. */
  5: optional string ip (pii.class = "ip"),
  6: optional string userAgent,
  7: optional bool emulator,
  8: optional bool rooted,
  /** East of UTC. */
  9: optional i16 utcOffsetMinutes,
  10: optional i8 batteryPercent,
  11: optional i64 firstSeenMillis,
  /** Digest over the device's traits, as its SDK computes it. */
  12: optional binary fingerprint (pii.class = "deviceId")
}

struct Payment {
  1: required PaymentMethod method,
  /** What the payer is charged: the items, plus feeMinor, minus discountMinor. */
  2: required i64 amountMinor,
  /** ISO 4217: CNY, BRL, MXN, USD. */
  3: required string currency,
  4: optional string cardNumber (pii.class = "cardNumber"),
  /** The first six or eight digits of the card number. */
  5: optional string cardBin,
  6: optional string cardLast4,
  /** ISO 3166-1 alpha-2, of the issuer. */
  7: optional string cardCountry,
  /** YYYY-MM. */
  8: optional string cardExpiry,
  /** CLABE in Mexico, branch and account in Brazil, account number in China. */
  9: optional string bankAccount (pii.class = "bankAccount"),
  10: optional string pixKey (pii.class = "bankAccount"),
  11: optional i32 installments,
  12: optional i64 feeMinor,
  13: optional i64 discountMinor,
  /** For refunds: what had been paid. */
  14: optional i64 paidMinor,
  /** ISO 4217, when the merchant is paid in another currency, with the rate from currency to it. */
  15: optional string settlementCurrency,
  16: optional double exchangeRate
}

struct Merchant {
  1: required string merchantId,
  2: optional string name,
  /** ISO 18245, four digits. */
  3: optional string mcc,
  4: optional string country,
  /** Unified social credit code, CNPJ or RFC. */
  5: optional string taxId
}

struct Item {
  1: required string sku,
  2: required i32 quantity,
  3: required i64 unitPriceMinor,
  4: optional string category
}

struct RiskRequest {
  1: required string requestId (tinct.id = "true"),
  2: required i64 eventTimeMillis,
  3: required Scene scene,
  /** ISO 3166-1 alpha-2: CN, BR, MX, … */
  4: required string country,
  5: required User user,
  6: required Device device,
  7: optional Payment payment,
  8: optional Merchant merchant,
  9: optional string orderId,
  10: optional string idempotencyKey (tinct.id = "true"),
  11: optional string sessionId,
  12: optional Channel channel,
  13: optional string appVersion,
  /** BCP 47. */
  14: optional string language,
  15: optional GeoPoint location,
  16: optional list<Item> items,
  17: optional list<string> promotions,
  18: optional map<string, string> attributes,
  /** Counts that the caller has at hand, by name: paymentsLastHour, cardsLastDay, … */
  19: optional map<string, i64> counters,
  20: optional Trace trace
}

struct Reason {
  1: required string code,
  2: optional string message,
  3: optional double weight
}

struct RiskResponse {
  1: required string requestId,
  2: required Decision decision,
  /** 0 harmless … 1000 certain fraud. */
  3: required i32 score,
  4: required list<Reason> reasons,
  5: optional string model,
  6: optional string ruleSet,
  /** Set when decision is stepUp. */
  7: optional Challenge challenge,
  8: optional i64 decidedAtMillis,
  /** True when the engine did not get to decide and a default was given. */
  9: optional bool fallback,
  10: optional map<string, double> modelScores,
  11: optional set<string> listsHit
}

struct RiskEvent {
  1: required string eventId (tinct.id = "true"),
  /** The request whose outcome is reported. */
  2: required string requestId,
  3: required Outcome outcome,
  4: required i64 eventTimeMillis,
  5: optional i64 amountMinor,
  6: optional string currency,
  7: optional string note,
  20: optional Trace trace
}

exception RiskError {
  1: required ErrorCode code,
  2: required string message,
  /** Dotted name of the argument that was refused. */
  3: optional string field,
  4: optional string requestId
}

exception Throttled {
  1: required i32 retryAfterMillis,
  2: optional string message
}

service RiskDecision {
  RiskResponse evaluate(1: RiskRequest req) throws (1: RiskError err, 2: Throttled throttled),
  oneway void report(1: RiskEvent event)
}
