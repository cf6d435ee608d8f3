#include "gate/store/sqlite_audit.h"

#include "gate/store/record.h"

namespace gate {
namespace {

v1::AuditEntry EntryOf(SqliteStatement& read) {
  std::array<std::string_view, 8> texts;
  for (size_t i = 0; i < texts.size(); ++i) texts[i] = read.Bytes(static_cast<int>(i) + 2);
  return DecodeAudit(read.Number(0), read.Number(1), texts);
}

}  // namespace

absl::Status RunInsert(SqliteStatement& insert, const EncodedAudit& entry) {
  int parameter = 0;
  insert.Bind(++parameter, entry.time);
  for (const std::string* text : entry.Texts()) insert.Bind(++parameter, *text);
  return insert.Run();
}

absl::Status WriteAudit(SqliteDatabase& database, const EncodedAudit& entry) {
  auto insert = database.Prepare(kInsertSqliteAudit);
  return insert.ok() ? RunInsert(*insert, entry) : insert.status();
}

absl::Status WriteAudit(SqliteDatabase& database, const v1::AuditEntry& entry) {
  return WriteAudit(database, EncodeAudit(entry));
}

absl::Status SqliteAudit::Append(const std::vector<v1::AuditEntry>& entries) {
  return writer_.Commit([&](SqliteDatabase& database) {
    absl::Status status;
    for (size_t i = 0; i < entries.size() && status.ok(); ++i) {
      status = WriteAudit(database, entries[i]);
    }
    return status;
  });
}

absl::StatusOr<std::vector<v1::AuditEntry>> SqliteAudit::List(const AuditFilter& filter,
                                                              int64_t before, int limit) {
  auto reader = readers_.Take();
  auto read = reader->Prepare(AuditListSql("audit", filter));
  if (!read.ok()) return read.status();
  int parameter = 0;
  read->Bind(++parameter, before);
  for (std::string_view text : AuditListTexts(filter)) read->Bind(++parameter, text);
  if (filter.start) read->Bind(++parameter, Micros(*filter.start));
  if (filter.end) read->Bind(++parameter, Micros(*filter.end));
  read->Bind(++parameter, int64_t{limit});
  std::vector<v1::AuditEntry> entries;
  auto row = read->Step();
  for (; row.ok() && *row; row = read->Step()) entries.push_back(EntryOf(*read));
  if (!row.ok()) return row.status();
  return entries;
}

absl::StatusOr<std::optional<v1::AuditEntry>> SqliteAudit::NewestPolicy() {
  auto reader = readers_.Take();
  auto read = reader->Prepare(NewestPolicySql("audit"));
  if (!read.ok()) return read.status();
  const auto row = read->Step();
  if (!row.ok()) return row.status();
  if (!*row) return std::nullopt;
  return EntryOf(*read);
}

}  // namespace gate
