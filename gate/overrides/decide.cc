#include "gate/overrides/decide.h"

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gate/base/field_error.h"
#include "gate/overrides/persons.h"

namespace gate::overrides {
namespace {

absl::Status Refuse(std::string_view reason, std::string message) {
  return WithReason(absl::FailedPreconditionError(std::move(message)), reason);
}

// "overrides/… is CONSUMED by rollouts/… since 12:00".
std::string Standing(const v1::Override& override) {
  std::string text =
      absl::StrCat(override.name(), " is ", v1::OverrideState_Name(override.state()).substr(15));
  if (override.state() == v1::OVERRIDE_STATE_CONSUMED) {
    absl::StrAppend(&text, " by ", override.consumed_by(), " since ",
                    Rfc3339(FromProto(override.consume_time())));
  } else if (override.state() == v1::OVERRIDE_STATE_REVOKED) {
    absl::StrAppend(&text, " by ", override.revocation().approver(), " since ",
                    Rfc3339(FromProto(override.revocation().approve_time())));
  } else if (override.state() == v1::OVERRIDE_STATE_EXPIRED) {
    absl::StrAppend(&text, " since ", Rfc3339(FromProto(override.expire_time())));
  }
  return text;
}

bool HasEnded(const v1::Override& override) {
  return override.state() != v1::OVERRIDE_STATE_PENDING &&
         override.state() != v1::OVERRIDE_STATE_APPROVED;
}

absl::Status CheckEtag(const v1::Override& current, const Act& act) {
  if (act.etag == current.etag()) return absl::OkStatus();
  return WithReason(absl::AbortedError(absl::StrCat(
                        current.name(), " has changed since it was read (etag \"", act.etag,
                        "\", now \"", current.etag(), "\"): read it again, and decide anew")),
                    "ETAG_MISMATCH");
}

// Whether the actor can be the second person: known, and neither who asked nor who wrote the
// change.
absl::Status CheckOther(const v1::Override& current, const Act& act, std::string_view verb) {
  if (IsNobody(act.actor)) {
    return WithReason(absl::UnauthenticatedError(absl::StrCat(
                          "who ", std::string(verb), " an override has to be known by name, and \"",
                          act.actor, "\" is nobody's")),
                      "NO_IDENTITY");
  }
  if (MayBeSameActor(act.actor, current.requester())) {
    return Refuse("OWN_OVERRIDE", absl::StrCat(act.actor, " may be who asked for it (",
                                               current.requester(), "): it takes another person"));
  }
  for (const std::string& author : current.authors()) {
    if (!MayBeAuthor(act.actor, author)) continue;
    return Refuse("OWN_CHANGE", absl::StrCat(act.actor, " may be an author of the change (", author,
                                             "): it takes somebody who did not write it"));
  }
  return absl::OkStatus();
}

v1::Approval By(const Act& act) {
  v1::Approval approval;
  approval.set_approver(act.actor);
  *approval.mutable_approve_time() = ToProto(act.now);
  approval.set_comment(act.why);
  return approval;
}

}  // namespace

absl::StatusOr<v1::Override> Approve(const v1::Override& current, const Act& act) {
  if (HasEnded(current)) {
    return Refuse("OVERRIDE_ENDED",
                  absl::StrCat(Standing(current), ": nothing is left to approve"));
  }
  if (current.state() != v1::OVERRIDE_STATE_PENDING) {
    return Refuse("OVERRIDE_NOT_PENDING",
                  absl::StrCat(Standing(current), " already",
                               current.break_glass() ? ", by breaking the glass; review it" : ""));
  }
  if (absl::Status status = CheckEtag(current, act); !status.ok()) return status;
  if (absl::Status status = CheckOther(current, act, "approves"); !status.ok()) return status;
  for (const v1::Approval& approval : current.approvals()) {
    if (!MayBeSameActor(approval.approver(), act.actor)) continue;
    return Refuse("APPROVED_BEFORE",
                  absl::StrCat(act.actor, " may be who has approved it already (",
                               approval.approver(), "): it takes another person"));
  }
  v1::Override approved = current;
  *approved.add_approvals() = By(act);
  if (approved.approvals_size() >= approved.required_approvals()) {
    approved.set_state(v1::OVERRIDE_STATE_APPROVED);
  }
  return approved;
}

absl::StatusOr<v1::Override> Revoke(const v1::Override& current, const Act& act) {
  if (HasEnded(current)) {
    return Refuse("OVERRIDE_ENDED",
                  absl::StrCat(Standing(current), ": it cannot be taken back any more",
                               current.state() == v1::OVERRIDE_STATE_CONSUMED
                                   ? "; stop what it has let through"
                                   : ""));
  }
  if (absl::Status status = CheckEtag(current, act); !status.ok()) return status;
  v1::Override revoked = current;
  revoked.set_state(v1::OVERRIDE_STATE_REVOKED);
  *revoked.mutable_revocation() = By(act);
  return revoked;
}

absl::StatusOr<v1::Override> Review(const v1::Override& current, const Act& act, bool justified) {
  if (!current.break_glass()) {
    return Refuse("NOT_BREAK_GLASS",
                  absl::StrCat(current.name(),
                               " was approved before it counted: there is nothing "
                               "to review afterwards"));
  }
  if (current.has_review()) {
    return Refuse("REVIEWED_BEFORE",
                  absl::StrCat(current.name(), " was reviewed by ", current.review().reviewer(),
                               " at ", Rfc3339(FromProto(current.review().review_time()))));
  }
  if (absl::Status status = CheckOther(current, act, "reviews"); !status.ok()) return status;
  v1::Override reviewed = current;
  v1::OverrideReview& review = *reviewed.mutable_review();
  review.set_reviewer(act.actor);
  *review.mutable_review_time() = ToProto(act.now);
  review.set_justified(justified);
  review.set_comment(act.why);
  return reviewed;
}

}  // namespace gate::overrides
