#include "tests/chaos/override_users.h"

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "gate/base/digest.h"
#include "gate/v1/gate.grpc.pb.h"
#include "gate/v1/overrides.grpc.pb.h"
#include "gtest/gtest.h"
#include "tests/chaos/calls.h"

namespace gate {
namespace {

using Kind = OverrideUse::Kind;

// Of a release that drops a column: it is blocked, and an override lets it through.
v1::Change Drop(const std::string& artefact) {
  v1::Change change;
  change.set_service("guarded-orders");
  change.set_environment("production");
  change.set_kind(v1::CHANGE_KIND_MIGRATION);
  change.set_artifact_digest("sha256:" + Sha256Hex(artefact));
  v1::MigrationFile& file = *change.mutable_schema_change()->add_files();
  file.set_path("001.sql");
  file.set_sql("ALTER TABLE users DROP COLUMN email;");
  change.mutable_schema_change()->set_schema_before("CREATE TABLE users (id int, email text);");
  return change;
}

bool Names(const v1::Verdict& verdict, const std::string& override) {
  return verdict.decision() == v1::DECISION_ALLOW &&
         std::ranges::find(verdict.overrides(), override) != verdict.overrides().end();
}

std::string IdIn(const std::string& name) { return name.substr(name.find('/') + 1); }

}  // namespace

std::optional<OverrideLife> NextLife(OverrideLife life, const OverrideUse& use) {
  switch (use.kind) {
    case Kind::kApproved:
      return life == OverrideLife::kPending ? std::optional(OverrideLife::kApproved) : std::nullopt;
    case Kind::kUsed:
      return life == OverrideLife::kApproved ? std::optional(OverrideLife::kUsed) : std::nullopt;
    case Kind::kRevoked:
      return life == OverrideLife::kPending || life == OverrideLife::kApproved
                 ? std::optional(OverrideLife::kRevoked)
                 : std::nullopt;
    case Kind::kNotRevocable:
      return life == OverrideLife::kUsed || life == OverrideLife::kRevoked ? std::optional(life)
                                                                           : std::nullopt;
  }
  return std::nullopt;
}

// Three hands use an override at the same time, while a fourth takes it back.
struct OverrideUsers::Caller {
  Caller(const std::vector<std::string>& addresses, int number, unsigned seed)
      : name(absl::StrCat("o", number, "-", seed)),
        requester(absl::StrCat("alice", number)),
        approver(absl::StrCat("bob", number)) {
    for (size_t i = 0; i < 4; ++i) {
      hands.push_back(std::make_unique<PatientCaller>(addresses, static_cast<size_t>(number) + i,
                                                      seed + static_cast<unsigned>(1000 * i)));
    }
  }
  std::string NewRequestId() { return absl::StrCat(name, "-", ++calls); }

  const std::string name, requester, approver;
  std::vector<std::unique_ptr<PatientCaller>> hands;
  int64_t calls = 0;
};

OverrideUsers::OverrideUsers(std::vector<std::string> addresses, int users, unsigned seed)
    : addresses_(std::move(addresses)) {
  for (int i = 0; i < users; ++i) {
    threads_.emplace_back([this, i, seed] { Run(i, seed + static_cast<unsigned>(i)); });
  }
}

void OverrideUsers::End() {
  ending_ = true;
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void OverrideUsers::Note(const std::string& override, int64_t call, int64_t ret, OverrideUse use) {
  MutexLock lock(mu_);
  histories_[override].push_back({call, ret, std::move(use)});
}

void OverrideUsers::Run(int number, unsigned seed) {
  Caller caller(addresses_, number, seed);
  while (!ending_) {
    Override(caller);
    std::this_thread::sleep_for(std::chrono::milliseconds(caller.hands[0]->Below(200)));
  }
}

void OverrideUsers::Override(Caller& caller) {
  PatientCaller& first = *caller.hands[0];
  const v1::Change change = Drop(caller.NewRequestId());
  v1::EvaluateRequest ask;
  *ask.mutable_change() = change;
  ask.set_request_id(caller.NewRequestId());
  v1::Verdict blocked;
  if (!first.Call(&v1::Gate::Stub::Evaluate, ask, &blocked).ok()) return;
  if (blocked.decision() != v1::DECISION_BLOCK) return;  // The store could not be read.

  v1::CreateOverrideRequest create;
  create.set_request_id(caller.NewRequestId());
  create.set_verdict(blocked.name());
  create.mutable_override()->set_reason("nobody reads it");
  create.mutable_override()->set_ticket("TASKS-7");
  *create.mutable_override()->mutable_rules() = blocked.overridable_rules();
  v1::CreateOverrideResponse created;
  const grpc::Status made =
      first.Call(&v1::Overrides::Stub::Create, create, &created, caller.requester);
  EXPECT_TRUE(made.ok() || IsUnknown(made)) << made.error_message();
  if (!made.ok()) return;
  const std::string name = created.override().name();

  v1::ApproveOverrideRequest approve;
  approve.set_name(name);
  approve.set_etag(created.override().etag());
  approve.set_request_id(caller.NewRequestId());
  v1::Override approved;
  const int64_t call = Moment();
  const grpc::Status agreed =
      first.Call(&v1::Overrides::Stub::Approve, approve, &approved, caller.approver);
  EXPECT_TRUE(agreed.ok() || IsUnknown(agreed)) << agreed.error_message();
  if (!agreed.ok()) return;
  EXPECT_EQ(approved.state(), v1::OVERRIDE_STATE_APPROVED);
  Note(name, call, Moment(), {Kind::kApproved});
  ++approved_;

  const auto use = [&](PatientCaller& hand, const std::string& request_id) {
    v1::EvaluateRequest request;
    *request.mutable_change() = change;
    request.set_request_id(request_id);
    v1::Verdict verdict;
    const int64_t called = Moment();
    const grpc::Status status = hand.Call(&v1::Gate::Stub::Evaluate, request, &verdict);
    if (status.ok() && Names(verdict, name)) {
      Note(name, called, Moment(), {Kind::kUsed, "", verdict.name()});
      ++used_;
    } else if (status.ok()) {
      EXPECT_NE(verdict.decision(), v1::DECISION_ALLOW) << verdict.name() << " without " << name;
    } else if (IsUnknown(status)) {
      Note(name, called, kNeverReturned, {Kind::kUsed, request_id});
    }
  };
  const auto take_back = [&](PatientCaller& hand, const std::string& request_id) {
    v1::RevokeOverrideRequest revoke;
    revoke.set_name(name);
    revoke.set_etag(approved.etag());
    revoke.set_reason("chaos");
    revoke.set_request_id(request_id);
    v1::Override after;
    const int64_t called = Moment();
    const grpc::Status status =
        hand.Call(&v1::Overrides::Stub::Revoke, revoke, &after, caller.requester);
    if (status.ok()) {
      Note(name, called, Moment(), {Kind::kRevoked});
      ++revoked_;
    } else if (IsRefusedAs(status, "OVERRIDE_ENDED")) {
      Note(name, called, Moment(), {Kind::kNotRevocable});
    } else {
      EXPECT_TRUE(IsUnknown(status)) << status.error_message();
      Note(name, called, kNeverReturned, {Kind::kRevoked, request_id});
    }
  };
  std::vector<std::thread> hands;
  if (first.Below(2) == 0) {
    hands.emplace_back(take_back, std::ref(*caller.hands[3]), caller.NewRequestId());
  }
  for (size_t i = 0; i < 3; ++i) {
    hands.emplace_back(use, std::ref(*caller.hands[i]), caller.NewRequestId());
  }
  for (std::thread& hand : hands) hand.join();
  use(first, caller.NewRequestId());  // It is over by now.
}

void OverrideUsers::ExpectAllIsWell(PostgresServer& postgres, const std::string& database) {
  const auto count = [&](const std::string& sql) {
    return std::stoll(postgres.Sql(database, sql));
  };
  std::map<std::string, std::string> consumers;  // of an override, by its id
  const std::string rows =
      postgres.Sql(database, "SELECT id, consumed_by FROM gate.overrides WHERE state = 3");
  for (const absl::string_view row : absl::StrSplit(rows, '\n', absl::SkipEmpty())) {
    const std::pair<std::string, std::string> consumer = absl::StrSplit(row, '|');
    consumers.insert(consumer);
  }
  for (auto [name, history] : histories_) {
    // What nobody was told of: was it done?
    std::erase_if(history, [&](const Operation<OverrideUse>& operation) {
      const OverrideUse& use = operation.input;
      if (use.request_id.empty()) return false;
      const std::string done =
          use.kind == Kind::kUsed
              ? absl::StrCat(
                    "SELECT count(*) FROM gate.overrides o JOIN gate.verdicts v"
                    " ON o.consumed_by = 'verdicts/' || v.id WHERE o.id = '",
                    IdIn(name), "' AND v.request_id = '", use.request_id, "'")
              : absl::StrCat("SELECT count(*) FROM gate.override_requests WHERE request_id = '",
                             use.request_id, "'");
      return count(done) == 0;
    });
    EXPECT_TRUE(IsLinearizable(history, OverrideLife::kPending, NextLife))
        << name << " was used twice, before it was approved, or after it was taken back";
    for (const Operation<OverrideUse>& operation : history) {
      if (operation.input.verdict.empty()) continue;
      EXPECT_EQ(consumers[IdIn(name)], operation.input.verdict) << name;
    }
  }
  const std::string consumed = absl::StrFormat(
      "SELECT count(*) FROM gate.overrides o WHERE state = %d", v1::OVERRIDE_STATE_CONSUMED);
  const std::string audited =
      " AND EXISTS (SELECT 1 FROM gate.audit a WHERE a.resource = 'overrides/' || o.id"
      " AND a.outcome = 'DONE' AND a.action = 'gate.v1.Overrides.";
  EXPECT_EQ(count(consumed),
            count(absl::StrCat(
                consumed,
                absl::StrFormat(" AND EXISTS (SELECT 1 FROM gate.verdicts v JOIN gate.audit a"
                                " ON a.resource = o.consumed_by AND a.outcome = 'ALLOW'"
                                " WHERE o.consumed_by = 'verdicts/' || v.id AND v.decision = %d)",
                                v1::DECISION_ALLOW),
                audited, "Create')", audited, "Approve')")))
      << "an override was used without its verdict or a row of the audit log";
  EXPECT_EQ(count("SELECT count(DISTINCT consumed_by) FROM gate.overrides WHERE state = 3"),
            count(consumed));
  EXPECT_GE(count(consumed), used_);
}

}  // namespace gate
