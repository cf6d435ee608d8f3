#include "checks/rollback/notes.h"

#include <utility>

namespace gate {

void Notes::Add(const migration::Rule& rule, const v1::MigrationFile& file,
                migration::Remark remark) {
  const std::string_view text = migration::WithoutByteOrderMark(file.sql());
  const auto flaw = migration::FindFlaw(text);
  const std::string_view readable = flaw ? text.substr(0, flaw->offset) : text;
  findings_.push_back(migration::MakeFinding(rule, remark, {0, 0}, readable, file.path(),
                                             migration::Places(readable), identities_));
}

void Notes::AddAt(const migration::Rule& rule, const migration::Step& step,
                  migration::Remark remark) {
  findings_.push_back(migration::MakeFinding(rule, remark, step.statement.span, step.file->text,
                                             step.file->path, step.file->places, identities_));
}

void Notes::AddAt(const migration::Rule& rule, const v1::Location& location,
                  migration::Remark remark) {
  v1::Finding finding = migration::MakeFinding(rule, remark, {0, 0}, "", location.path(),
                                               migration::Places(""), identities_);
  *finding.mutable_location() = location;
  if (location.path().empty()) finding.clear_location();
  findings_.push_back(std::move(finding));
}

}  // namespace gate
