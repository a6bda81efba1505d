/*
 * Records in the shape of four published tables of synthetic fraud data, for the scenarios that make them again:
 * the simulator of the Fraud Detection Handbook, PaySim, AMLSim and the Bank Account Fraud suite.
 */
namespace cpp tinct.published
namespace py tinct_published
namespace java tinct.published
namespace go tinct.published

enum MobileMoneyType {
  CASH_IN = 1,
  CASH_OUT = 2,
  DEBIT = 3,
  PAYMENT = 4,
  TRANSFER = 5
}

/** A row of the Handbook's simulated transactions. */
struct CardTransaction {
  1: required i64 transactionId (tinct.id = "true"),
  2: required i64 timeSeconds,
  3: required i64 customerId,
  4: required i64 terminalId,
  5: required double amount
}

/** A row of PaySim's log. */
struct MobileMoney {
  /** Hours since the start, from 1. */
  1: required i32 step,
  2: required MobileMoneyType type,
  3: required double amount,
  4: required string nameOrig,
  5: required double oldBalanceOrig,
  6: required double newBalanceOrig,
  7: required string nameDest,
  8: required double oldBalanceDest,
  9: required double newBalanceDest
}

/** A row of AMLSim's transactions. */
struct BankTransfer {
  1: required i64 transactionId (tinct.id = "true"),
  2: required i64 senderId,
  3: required i64 receiverId,
  4: required string type,
  5: required double amount,
  6: required i32 day
}

/** A row of the Bank Account Fraud suite: somebody opens an account. */
struct AccountApplication {
  1: required double income,
  2: required double nameEmailSimilarity,
  3: required i32 previousAddressMonths,
  4: required i32 currentAddressMonths,
  5: required i32 customerAge,
  6: required double daysSinceRequest,
  7: required double intendedBalance,
  8: required string paymentType,
  9: required i32 zipCount4w,
  10: required double velocity6h,
  11: required double velocity24h,
  12: required double velocity4w,
  13: required i32 bankBranchCount8w,
  14: required i32 birthDateEmails4w,
  15: required string employmentStatus,
  16: required i32 creditRiskScore,
  17: required bool emailIsFree,
  18: required string housingStatus,
  19: required bool phoneHomeValid,
  20: required bool phoneMobileValid,
  21: required i32 bankMonths,
  22: required bool hasOtherCards,
  23: required double proposedCreditLimit,
  24: required bool foreignRequest,
  25: required string source,
  26: required double sessionMinutes,
  27: required string deviceOs,
  28: required bool keepAliveSession,
  29: required i32 deviceEmails8w,
  30: required i32 month
}

service PublishedTables {
  void cardTransaction(1: CardTransaction record),
  void mobileMoney(1: MobileMoney record),
  void bankTransfer(1: BankTransfer record),
  void accountApplication(1: AccountApplication record)
}
