#include "gate/evidence/rehearsal/script.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "checks/migration/formats.h"
#include "checks/migration/sql/parse.h"
#include "checks/migration/sql/split.h"
#include "checks/migration/sql/text.h"

namespace gate {
namespace {

using migration::Piece;
using migration::Span;

std::vector<ScriptStep> StepsOf(std::string_view text, Span span, const migration::Places& places) {
  std::vector<ScriptStep> steps;
  migration::Splitter splitter(text, span);
  for (Piece piece = splitter.Next(); piece.kind != Piece::Kind::kEnd; piece = splitter.Next()) {
    const std::string_view slice = Slice(text, piece.span);
    if (piece.kind == Piece::Kind::kCopyData) {
      // Up to the line "\.", which is psql's.
      const size_t end = std::min(slice.rfind("\\."), slice.size());
      if (!steps.empty()) steps.back().copy_data = slice.substr(0, end);
      continue;
    }
    // psql's end of COPY data, where there was none.
    if (piece.kind == Piece::Kind::kMetaCommand && slice == "\\.") continue;
    steps.push_back({.sql = slice,
                     .meta_command = piece.kind == Piece::Kind::kMetaCommand,
                     .line = places.At(piece.span.begin).line});
  }
  return steps;
}

// What PostgreSQL refuses to run inside a transaction.
bool IsForbidden(const ScriptStep& step) {
  migration::Statement statement;
  const Span whole{0, static_cast<uint32_t>(step.sql.size())};
  if (step.meta_command || migration::Parse(step.sql, whole, statement)) return false;
  return std::ranges::any_of(statement.actions, [](const migration::Action& action) {
    return migration::As<migration::OutsideTransaction>(action) != nullptr;
  });
}

std::vector<ScriptSection> Read(std::string_view text,
                                const std::vector<migration::Section>& sections) {
  const migration::Places places(text);
  std::vector<ScriptSection> read;
  for (const migration::Section& section : sections) {
    ScriptSection& one = read.emplace_back(false, StepsOf(text, section.span, places));
    one.wrapped = migration::IsWrapped(section.wrapping, one.steps.size(),
                                       std::ranges::any_of(one.steps, IsForbidden));
  }
  return read;
}

}  // namespace

std::string ScriptStep::FirstWord() const {
  migration::Lexer lexer(sql);
  std::string word(Slice(sql, lexer.Next().span));
  for (char& c : word) c = absl::ascii_toupper(static_cast<unsigned char>(c));
  return word;
}

ScriptSection ReadSql(std::string_view text) {
  text = migration::WithoutByteOrderMark(text);
  const migration::Places places(text);
  return {false, StepsOf(text, {0, static_cast<uint32_t>(text.size())}, places)};
}

std::vector<ScriptSection> ReadMigration(const v1::MigrationFile& file) {
  const std::string_view text = migration::WithoutByteOrderMark(file.sql());
  return Read(text, migration::UpSections(file, text));
}

std::vector<ScriptSection> ReadDown(const migration::DownPart& down) {
  return Read(down.text, down.sections);
}

}  // namespace gate
