#include "checks/rollback/down.h"

#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checks/migration/failure.h"

namespace gate {
namespace {

using migration::Undo;
using migration::Way;

constexpr int kShown = 10;
constexpr size_t kShownBytes = 100;  // of a definition

bool IsOrder(const v1::CatalogueDifference& difference) {
  return difference.kind() == v1::CATALOGUE_DIFFERENCE_KIND_ORDER;
}

bool IsShort(const std::string& definition) {
  return definition.size() <= kShownBytes && definition.find('\n') == definition.npos;
}

// "column public.orders.note is text, not character varying(20)"
std::string Say(const v1::CatalogueDifference& difference) {
  const auto shown = [](const std::string& definition) {
    return definition.empty() ? std::string("nothing") : definition;
  };
  switch (difference.kind()) {
    case v1::CATALOGUE_DIFFERENCE_KIND_LEFT_OVER:
      return absl::StrCat(difference.object(), " is left over");
    case v1::CATALOGUE_DIFFERENCE_KIND_MISSING:
      return absl::StrCat(difference.object(), " is missing");
    default:
      return IsShort(difference.before()) && IsShort(difference.after())
                 ? absl::StrCat(difference.object(), " is ", shown(difference.after()), ", not ",
                                shown(difference.before()))
                 : absl::StrCat(difference.object(), " is another one");
  }
}

std::string SayAll(const google::protobuf::RepeatedPtrField<v1::CatalogueDifference>& all,
                   int more) {
  std::vector<std::string> said;
  for (int i = 0; i < all.size() && i < kShown; ++i) said.push_back(Say(all[i]));
  more += all.size() - static_cast<int>(said.size());
  if (more > 0) said.push_back(absl::StrCat(more, " more"));
  return absl::StrJoin(said, "; ");
}

// Whether the model of a schema would show it (undo.h).
bool IsModelled(const v1::CatalogueDifference& difference) {
  if (difference.kind() != v1::CATALOGUE_DIFFERENCE_KIND_LEFT_OVER &&
      difference.kind() != v1::CATALOGUE_DIFFERENCE_KIND_MISSING) {
    return false;
  }
  for (const char* kind :
       {"column ", "constraint ", "function ", "index ", "table ", "trigger ", "type "}) {
    if (absl::StartsWith(difference.object(), kind)) return true;
  }
  return false;
}

// "note" of "column public.orders.note", "orders" of "constraint total of public.orders".
std::string NameIn(const std::string& object) {
  return migration::LastName(std::string_view(object).substr(0, object.find('(')));
}

std::string DownOf(const v1::MigrationFile& file) {
  return file.down_path().empty() ? "Its down part"
                                  : absl::StrCat("Its down part, ", file.down_path(), ",");
}

class DownParts {
 public:
  DownParts(const migration::OneDatabase& database, const std::vector<Undo>& undos,
            const v1::Rehearsal* rehearsal, const v1::RollbackPolicy& policy, Notes& notes)
      : database_(database),
        undos_(undos),
        rehearsal_(rehearsal),
        forbidden_(policy.require_down() ? v1::SEVERITY_BLOCK : v1::SEVERITY_WARN),
        doubted_(policy.require_down() ? v1::SEVERITY_BLOCK : v1::SEVERITY_INFO),
        notes_(notes) {}

  void Judge() {
    for (const Undo& undo : undos_) SayWhatIsDropped(undo);
    const bool tried = rehearsal_ != nullptr && rehearsal_->end() == v1::REHEARSAL_END_COMPLETED &&
                       rehearsal_->has_undo();
    if (!tried || !JudgeRehearsed()) JudgeText();
  }

 private:
  // ---- what is read
  void SayWhatIsDropped(const Undo& undo) {
    if (undo.drops.empty()) return;
    notes_.Add(
        kLosesData, *undo.file,
        {.subject = absl::StrJoin(undo.drops, ", "),
         .effects = {v1::EFFECT_LOSES_DATA},
         .message = absl::StrCat(DownOf(*undo.file), " drops what new code may have written to ",
                                 absl::StrJoin(undo.drops, ", "), ".")});
  }

  void JudgeText() {
    bool leads_back = true, anything = false;
    for (const Undo& undo : undos_) {
      const v1::MigrationFile& file = *undo.file;
      leads_back = leads_back && (undo.way == Way::kNothing || undo.way == Way::kBack);
      anything = anything || undo.way != Way::kNothing;
      if (undo.way == Way::kElsewhere) {
        notes_.Add(kDownIncomplete, file,
                   {.subject = file.path(),
                    .message = absl::StrCat(DownOf(file), " does not lead back: after up and down ",
                                            absl::StrJoin(undo.differences, "; "), ".", seen_),
                    .instead = {.now = kMend},
                    .severity = forbidden_});
      } else if (undo.way == Way::kUnknown) {
        notes_.Add(kDownIncomplete, file,
                   {.subject = file.path(),
                    .effects = {v1::EFFECT_UNPROVEN},
                    .message = absl::StrCat(DownOf(file), " is not shown to lead back. ",
                                            undo.reason, seen_),
                    .severity = doubted_});
      }
    }
    if (!leads_back || undos_.empty()) return;
    const v1::MigrationFile& first = *undos_.front().file;
    if (doubt_) {
      notes_.Add(kDownIncomplete, first,
                 {.subject = first.path(),
                  .effects = {v1::EFFECT_UNPROVEN},
                  .message = absl::StrCat("The down parts are not shown to lead back.", seen_),
                  .severity = doubted_});
    } else if (!failed_) {
      notes_.Add(
          kDown, first,
          {.message = !anything ? "There is nothing to undo: the release changes no schema."
                                : absl::StrCat("As far as their text tells, the down parts lead "
                                               "back to the schema before the release.",
                                               seen_.empty() ? " Nobody has run them." : seen_)});
    }
  }

  // ---- what was run
  // Whether that has settled it. Where it has not, `seen_` says what was seen.
  bool JudgeRehearsed() {
    const v1::RehearsedUndo& undo = rehearsal_->undo();
    const bool given = !database_.schema_before.empty();
    whole_ = migration::SchemaIsWhole(*rehearsal_, given);
    runs_code_ = std::ranges::any_of(undos_, &Undo::runs_code);
    if (undo.down() != v1::REHEARSAL_END_COMPLETED) return JudgeFailure(undo);
    const bool equal = std::ranges::all_of(undo.after_down(), IsOrder);
    if (!whole_ || runs_code_) {
      seen_ = absl::StrCat(" On a scratch ", Server(), " ",
                           equal ? "they led back"
                                 : absl::StrCat("after up and down ",
                                                SayAll(undo.after_down(), undo.more_after_down())),
                           whole_ ? ", where no rows were; what code does may depend on them."
                                  : ", with a schema of which parts are not known.");
      doubt_ = !equal;
      return false;
    }
    if (!equal) Disagree(undo);
    if (equal) DisagreeWithDifferences();
    if (undo.after_down_size() > 0) SayDifferences(undo, equal);
    const bool again = JudgeUpAgain(undo);
    if (undo.after_down_size() == 0 && again) {
      notes_.Add(kDown, *undos_.front().file,
                 {.message = absl::StrCat(
                      "Proven on a scratch ", Server(),
                      ": after up and down the catalogue is the one before the release",
                      undo.up_again() == v1::REHEARSAL_END_COMPLETED
                          ? ", and going up again gives the same schema as the first time."
                          : absl::StrCat(". Going up again was not shown: ",
                                         migration::Describe(undo.failure()), "."))});
    }
    return true;
  }

  std::string Server() const {
    return absl::StrCat("PostgreSQL ", rehearsal_->postgres_major_version());
  }
  bool OtherVersion() const {
    return database_.postgres_version != 0 &&
           database_.postgres_version != rehearsal_->postgres_major_version();
  }

  static v1::Location PlaceOf(const v1::RehearsalFailure& failure) {
    v1::Location location;
    location.set_path(failure.path());
    location.set_line(failure.line());
    return location;
  }

  bool JudgeFailure(const v1::RehearsedUndo& undo) {
    const v1::RehearsalFailure& failure = undo.failure();
    const std::string said = migration::Describe(failure);
    if (undo.down() != v1::REHEARSAL_END_MIGRATION_FAILED) {
      seen_ = absl::StrCat(" Going back was not shown by running it: ", said, ".");
      return false;
    }
    const bool missing = migration::IsMissing(failure.sqlstate());
    const bool proven = !OtherVersion() && !runs_code_ && (whole_ || !missing) &&
                        migration::FailsEverywhere(failure);
    if (!proven) {
      notes_.AddAt(
          kDownFails, PlaceOf(failure),
          {.subject = failure.path(),
           .effects = {v1::EFFECT_UNPROVEN},
           .message = absl::StrCat(
               "Going back is not shown: this statement of the down part fails on a "
               "scratch ",
               Server(), ", ",
               OtherVersion() ? absl::StrCat("and production has ", database_.postgres_version)
               : !whole_ && missing ? "where not all of the schema before is known"
               : runs_code_         ? "and the release runs code that may depend on rows"
                                    : "where the tables are empty",
               ": ", said, "."),
           .severity = doubted_});
      failed_ = true;
      return false;
    }
    DisagreeWithText("it fails there");
    notes_.AddAt(kDownFails, PlaceOf(failure),
                 {.subject = failure.path(),
                  .message = absl::StrCat("Proven on a scratch ", Server(),
                                          ", where the release had run: this statement of the down "
                                          "part fails: ",
                                          said, ". The way back ends here."),
                  .instead = {.now = "Mend the down part: it runs on the schema that the release "
                                     "leaves behind, the last migration first."},
                  .severity = forbidden_});
    return true;
  }

  void SayDifferences(const v1::RehearsedUndo& undo, bool order_alone) {
    migration::Remark remark{
        .subject = undo.after_down(0).object(),
        .message = absl::StrCat(
            "Proven on a scratch ", Server(), ": ",
            order_alone ? "the down parts lead back but for the order of columns, which "
                          "statements without a list of them count on: after up and down "
                        : "the down parts do not lead back: after up and down ",
            SayAll(undo.after_down(), undo.more_after_down()), "."),
        .instead = {.now = order_alone ? "Name the columns in SELECT and INSERT." : kMend},
        // A column that is made again comes last; there is no other place for it.
        .severity = order_alone ? v1::SEVERITY_WARN : forbidden_};
    const migration::Steps steps(database_.files);
    const migration::Step* step = steps.CauseOf(NameIn(undo.after_down(0).object()));
    if (step != nullptr) {
      notes_.AddAt(kDownIncomplete, *step, std::move(remark));
    } else {
      notes_.Add(kDownIncomplete, *undos_.front().file, std::move(remark));
    }
  }

  // Whether the release can be tried again, as far as that is known. It has run on this server, so
  // that neither empty tables nor the version are to blame.
  bool JudgeUpAgain(const v1::RehearsedUndo& undo) {
    if (undo.up_again() == v1::REHEARSAL_END_MIGRATION_FAILED) {
      notes_.AddAt(kUpAgainFails, PlaceOf(undo.failure()),
                   {.subject = undo.failure().path(),
                    .message = absl::StrCat(
                        "Proven on a scratch ", Server(),
                        ": once the release was undone, it cannot be tried again as it is. This "
                        "statement fails: ",
                        migration::Describe(undo.failure()), "."),
                    .instead = {.now = kMend},
                    .severity = forbidden_});
      return false;
    }
    // What down has left behind is told already.
    if (undo.after_up_again_size() == 0 || undo.after_down_size() > 0) return true;
    notes_.Add(kUpAgainFails, *undos_.front().file,
               {.subject = undo.after_up_again(0).object(),
                .message = absl::StrCat(
                    "Proven on a scratch ", Server(),
                    ": once the release was undone, trying it again gives another schema: ",
                    SayAll(undo.after_up_again(), undo.more_after_up_again()), "."),
                .instead = {.now = kMend},
                .severity = v1::SEVERITY_WARN});
    return false;
  }

  // ---- where text and rehearsal say different things
  void DisagreeOn(const v1::MigrationFile& file, const std::string& text,
                  const std::string& shown) {
    notes_.Add(kRuleDisagrees, file,
               {.subject = std::string(kDownIncomplete.id),
                .message = absl::StrCat("By its text ", text, ". On a scratch ", Server(), " ",
                                        shown, ". What was run is believed.")});
  }

  void DisagreeWithDifferences() {
    for (const Undo& undo : undos_) {
      if (undo.way != Way::kElsewhere) continue;
      DisagreeOn(*undo.file,
                 absl::StrCat("the down part does not lead back (",
                              absl::StrJoin(undo.differences, "; "), ")"),
                 "it did");
    }
  }

  void Disagree(const v1::RehearsedUndo& undo) {
    const auto modelled = std::ranges::find_if(undo.after_down(), IsModelled);
    if (modelled != undo.after_down().end()) {
      DisagreeWithText(absl::StrCat("after up and down ", Say(*modelled)));
    }
  }

  // Where the text says of all that they lead back.
  void DisagreeWithText(const std::string& shown) {
    const auto fits = [](const Undo& undo) {
      return undo.way == Way::kBack || undo.way == Way::kNothing;
    };
    if (undos_.empty() || !std::ranges::all_of(undos_, fits)) return;
    DisagreeOn(*undos_.front().file, "the down part leads back", shown);
  }

  static constexpr char kMend[] = "Add to the down part what is missing, or drop what is left.";

  const migration::OneDatabase& database_;
  const std::vector<Undo>& undos_;
  const v1::Rehearsal* rehearsal_;
  const v1::Severity forbidden_, doubted_;
  Notes& notes_;
  bool whole_ = false, runs_code_ = false;
  // What a rehearsal showed that is no proof, and whether it speaks against the way back.
  std::string seen_;
  bool doubt_ = false, failed_ = false;
};

}  // namespace

void JudgeDown(const migration::OneDatabase& database, const std::vector<Undo>& undos,
               const v1::Rehearsal* rehearsal, const v1::RollbackPolicy& policy, Notes& notes) {
  DownParts(database, undos, rehearsal, policy, notes).Judge();
}

}  // namespace gate
