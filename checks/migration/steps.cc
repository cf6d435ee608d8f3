#include "checks/migration/steps.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "checks/migration/formats.h"
#include "checks/migration/sql/lexer.h"
#include "checks/migration/sql/parse.h"
#include "checks/migration/sql/split.h"

namespace gate::migration {
namespace {

// Far more than a release has; what is behind it is as good as opaque.
constexpr size_t kMaxSteps = 20'000;

std::string FirstWord(std::string_view sql) {
  Lexer lexer(sql);
  return absl::AsciiStrToUpper(std::string(Slice(sql, lexer.Next().span)));
}

bool Is(const Name& name, std::string_view table) { return name.name == LastName(table); }

bool MakesEnum(const Action& action) {
  return As<AddEnumValue>(action) || As<RenameEnumValue>(action) || As<RenameType>(action) ||
         As<DropType>(action) || As<ChangeType>(action);
}

bool Constrains(const Action& action, std::string_view table) {
  if (const auto* add = As<AddConstraint>(action)) return Is(add->table, table);
  if (const auto* add = As<AddColumn>(action)) {
    return Is(add->table, table) && !add->constraints.empty();
  }
  if (const auto* index = As<CreateIndex>(action)) return index->unique && Is(index->table, table);
  if (const auto* type = As<ChangeType>(action)) return Is(type->table, table);
  return false;
}

bool ChangesColumns(const Action& action, std::string_view table) {
  if (const auto* add = As<AddColumn>(action)) return Is(add->table, table);
  if (const auto* set = As<SetNotNull>(action)) return Is(set->table, table);
  if (const auto* drop = As<DropDefault>(action)) return Is(drop->table, table);
  if (const auto* set = As<SetDefault>(action)) return Is(set->table, table);
  if (const auto* rename = As<RenameColumn>(action)) return Is(rename->table, table);
  return Constrains(action, table);
}

bool DropsKeys(const Action& action, std::string_view table) {
  if (const auto* drop = As<DropConstraint>(action)) return Is(drop->table, table);
  if (const auto* drop = As<DropColumn>(action)) return Is(drop->table, table);
  const auto* drop = As<DropRelation>(action);
  return drop != nullptr && drop->kind == RelationKind::kIndex;
}

bool Explained(const Action& action, const v1::SchemaEffect& effect) {
  const std::string_view table = TableOf(effect);
  if (const auto* unjudged = As<Unjudged>(action)) {
    return unjudged->table && Is(*unjudged->table, table);
  }
  // A table of another name took this one's place.
  if (const auto* rename = As<RenameRelation>(action)) return rename->new_name == LastName(table);
  switch (effect.kind()) {
    case v1::SCHEMA_EFFECT_KIND_REQUIRED_COLUMN:
    case v1::SCHEMA_EFFECT_KIND_DEFAULT_LOST:
    case v1::SCHEMA_EFFECT_KIND_NOT_NULL:
      return ChangesColumns(action, table);
    case v1::SCHEMA_EFFECT_KIND_CHECK:
    case v1::SCHEMA_EFFECT_KIND_FOREIGN_KEY:
    case v1::SCHEMA_EFFECT_KIND_UNIQUE:
    case v1::SCHEMA_EFFECT_KIND_EXCLUSION:
      return Constrains(action, table);
    case v1::SCHEMA_EFFECT_KIND_UNIQUE_LOST:
      return DropsKeys(action, table);
    case v1::SCHEMA_EFFECT_KIND_ENUM_LABEL_LOST:
    case v1::SCHEMA_EFFECT_KIND_ENUM_LABEL_ADDED:
      return MakesEnum(action);
    case v1::SCHEMA_EFFECT_KIND_GRANT_LOST:
    case v1::SCHEMA_EFFECT_KIND_ROW_SECURITY:
      return As<TakeRights>(action) != nullptr;
    case v1::SCHEMA_EFFECT_KIND_TRIGGER_LOST:
      return As<DropTrigger>(action) || As<DropFunction>(action);
    case v1::SCHEMA_EFFECT_KIND_TRIGGER_ADDED:
      return As<CreateTrigger>(action) != nullptr;
    case v1::SCHEMA_EFFECT_KIND_FUNCTION_LOST:
      return As<DropFunction>(action) || As<CreateFunction>(action);
    default:
      return false;
  }
}

// The word as a whole, in any case: what is quoted is found as well.
bool Names(std::string_view sql, std::string_view name) {
  Lexer lexer(sql);
  const std::string wanted = absl::AsciiStrToLower(std::string(name));
  for (Token token = lexer.Next(); token.kind != Token::Kind::kEnd; token = lexer.Next()) {
    const std::string text = absl::AsciiStrToLower(std::string(Slice(sql, token.span)));
    if (text == wanted) return true;
    // Within quotes, and in code that is a text.
    if (text.size() <= wanted.size()) continue;
    for (size_t at = text.find(wanted); at != text.npos; at = text.find(wanted, at + 1)) {
      const auto is_part = [](char c) { return absl::ascii_isalnum(c) || c == '_'; };
      const bool begins = at == 0 || !is_part(text[at - 1]);
      const size_t end = at + wanted.size();
      if (begins && (end == text.size() || !is_part(text[end]))) return true;
    }
  }
  return false;
}

std::string Bare(std::string_view name) {
  std::string bare;
  for (const char c : name) {
    if (c != '"') bare += c;
  }
  constexpr std::string_view kPublic = "public.";
  return bare.starts_with(kPublic) ? bare.substr(kPublic.size()) : bare;
}

}  // namespace

std::string LastName(std::string_view name) {
  const size_t dot = name.rfind('.');
  return Bare(dot == name.npos ? name : name.substr(dot + 1));
}

bool SameObject(std::string_view printed, std::string_view subject) {
  const std::string a = Bare(printed), b = Bare(subject);
  // The schema of either may be left to the search path.
  return a == b || a.ends_with("." + b) || b.ends_with("." + a);
}

std::string_view TableOf(const v1::SchemaEffect& effect) {
  const std::string_view subject = effect.subject();
  switch (effect.kind()) {
    case v1::SCHEMA_EFFECT_KIND_GRANT_LOST:
    case v1::SCHEMA_EFFECT_KIND_ROW_SECURITY:
    case v1::SCHEMA_EFFECT_KIND_FUNCTION_LOST:
    case v1::SCHEMA_EFFECT_KIND_FUNCTION_BROKEN:
      return subject;
    default:
      return subject.substr(0, std::min(subject.rfind('.'), subject.size()));
  }
}

bool Step::Holds(const v1::Location& location) const {
  return location.path() == file->path && location.line() >= first_line() &&
         location.line() <= file->places.At(statement.span.end).line;
}

Steps::Steps(std::span<const v1::MigrationFile* const> files) {
  for (const v1::MigrationFile* file : files) Read(*file);
}

void Steps::Read(const v1::MigrationFile& file) {
  const StepFile& read = files_.emplace_back(file);
  if (FindFlaw(read.text)) return;
  for (const Section& section : UpSections(file, read.text)) {
    Splitter splitter(read.text, section.span);
    for (Piece piece = splitter.Next(); piece.kind != Piece::Kind::kEnd; piece = splitter.Next()) {
      if (piece.kind != Piece::Kind::kStatement || steps_.size() == kMaxSteps) continue;
      Step& step = steps_.emplace_back(Step{.file = &read});
      const bool unread = Parse(read.text, piece.span, step.statement).has_value();
      step.statement.span = piece.span;
      step.verb = FirstWord(step.sql());
      step.opaque = unread || std::ranges::any_of(step.statement.actions, [](const Action& action) {
                      return As<Opaque>(action) != nullptr;
                    });
    }
  }
}

const Step* Steps::Find(const v1::RehearsedStatement& statement, size_t& from) const {
  for (size_t i = from; i < steps_.size(); ++i) {
    const Step& step = steps_[i];
    if (step.first_line() != statement.line() || step.file->path != statement.path()) continue;
    if (!step.sql().starts_with(statement.sql())) continue;
    from = i + 1;
    return &step;
  }
  return nullptr;
}

const Step* Steps::At(const std::string& path, int line) const {
  v1::Location location;
  location.set_path(path);
  location.set_line(line);
  for (const Step& step : steps_) {
    if (step.Holds(location)) return &step;
  }
  return nullptr;
}

const Step* Steps::CauseOf(std::string_view name) const {
  const Step* cause = nullptr;
  for (const Step& step : steps_) {
    const bool changes = step.opaque || step.verb == "ALTER" || step.verb == "DROP" ||
                         step.verb == "CREATE" || step.verb == "REVOKE";
    if (changes && !name.empty() && Names(step.sql(), name)) cause = &step;
  }
  if (cause != nullptr) return cause;
  for (const Step& step : steps_) {
    if (!step.opaque) continue;
    if (cause != nullptr) return nullptr;
    cause = &step;
  }
  return cause;
}

bool Steps::any_opaque() const { return std::ranges::any_of(steps_, &Step::opaque); }

bool Steps::Explains(const v1::SchemaEffect& effect) const {
  return std::ranges::any_of(steps_, [&](const Step& step) {
    return std::ranges::any_of(step.statement.actions,
                               [&](const Action& action) { return Explained(action, effect); });
  });
}

}  // namespace gate::migration
