// The statements of a release as a rehearsal names them: by file, line and text. With what the
// parser makes of each.
#ifndef CHECKS_MIGRATION_STEPS_H_
#define CHECKS_MIGRATION_STEPS_H_

#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "checks/migration/sql/ast.h"
#include "checks/migration/sql/text.h"
#include "gate/v1/change.pb.h"
#include "gate/v1/rehearsal.pb.h"
#include "gate/v1/verdict.pb.h"

namespace gate::migration {

// The file's text, and where things are in it.
struct StepFile {
  explicit StepFile(const v1::MigrationFile& file)
      : path(file.path()), text(WithoutByteOrderMark(file.sql())), places(text) {}

  const std::string& path;
  std::string_view text;
  Places places;
};

struct Step {
  const StepFile* file = nullptr;
  Statement statement;
  bool opaque = false;  // what it does cannot be seen from its text
  std::string verb;     // its first word, in upper case

  std::string_view sql() const { return Slice(file->text, statement.span); }
  int first_line() const { return file->places.At(statement.span.begin).line; }
  bool Holds(const v1::Location& location) const;
};

// Views into the files, which outlive it.
class Steps {
 public:
  explicit Steps(std::span<const v1::MigrationFile* const> files);
  Steps(const Steps&) = delete;
  Steps& operator=(const Steps&) = delete;

  const std::vector<Step>& all() const { return steps_; }
  // The step that ran as this statement; nullptr where there is none. Statements come in the order
  // of the steps: looks from `from` on, and moves it behind what it finds.
  const Step* Find(const v1::RehearsedStatement& statement, size_t& from) const;
  const Step* At(const std::string& path, int line) const;
  // The one that names the object, else the only one that cannot be seen into: what may have caused
  // something to happen to it. nullptr where that cannot be told.
  const Step* CauseOf(std::string_view name) const;
  bool any_opaque() const;
  // Whether a statement that the rules could read does what has this effect: then they have judged
  // it.
  bool Explains(const v1::SchemaEffect& effect) const;

 private:
  void Read(const v1::MigrationFile& file);

  std::deque<StepFile> files_;
  std::vector<Step> steps_;
};

// "orders" of "public.orders", `shop."Orders"` -> "Orders".
std::string LastName(std::string_view name);
// Whether what PostgreSQL calls public.orders.note is what a person may write as orders.note.
bool SameObject(std::string_view printed, std::string_view subject);
// "public.orders" of "public.orders.note", where the kind is of something in a table; else as it
// is.
std::string_view TableOf(const v1::SchemaEffect& effect);

}  // namespace gate::migration

#endif  // CHECKS_MIGRATION_STEPS_H_
