// Comments by which those who write a migration take a finding upon themselves, in front of the
// statement, in it, or behind it on its last line:
//
//   -- gate:allow migration.drop_column orders.note: nobody has read it since 2024 (OPS-12)
//
// that is a rule, maybe the finding's subject, and why. The finding stays in the verdict, covered
// by the comment; a comment that covers nothing is reported, so that none outlives its cause.
#ifndef CHECKS_MIGRATION_SUPPRESSION_H_
#define CHECKS_MIGRATION_SUPPRESSION_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "checks/migration/sql/text.h"
#include "gate/v1/verdict.pb.h"

namespace gate::migration {

// How Finding.covered_by begins where a comment covers it; the reason follows.
inline constexpr std::string_view kByComment = "a comment: ";

class Suppressions {
 public:
  // The comments in this part of the text, which outlives this.
  Suppressions(std::string_view text, Span section);

  // Tells of the next statement: it gets the comments before its end that no other has.
  void Next(Span statement);

  // Marks the finding of that statement as covered where a comment says so.
  void Cover(Span statement, v1::Finding& finding);

  // A comment without effect, and why.
  struct Idle {
    Span span;
    std::string subject;  // the rule that it names
    std::string message;
  };
  std::vector<Idle> TakeIdle() const;

 private:
  struct Comment {
    Span span;
    std::string rule, subject, reason;
    std::string flaw;  // why it cannot be used, for people
    bool assigned = false;
    uint32_t statement = 0;  // where its statement begins
    bool used = false;
  };
  void Read(Span gap);
  void Assign(Comment& comment, Span statement);

  std::string_view text_;
  std::vector<Comment> comments_;
  size_t next_ = 0;  // the first that has no statement yet
  Span last_;        // the last statement
};

}  // namespace gate::migration

#endif  // CHECKS_MIGRATION_SUPPRESSION_H_
