#include "checks/migration/formats.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace gate::migration {
namespace {

std::string_view Base(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = absl::ascii_tolower(static_cast<unsigned char>(c));
  return lower;
}

std::string_view Trimmed(std::string_view text) {
  const auto blank = [](char c) { return absl::ascii_isspace(static_cast<unsigned char>(c)); };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

bool IsFlyway(std::string_view name) {
  return name.size() > 3 && std::string_view("VURvur").find(name[0]) != std::string_view::npos &&
         name.find("__") != std::string_view::npos &&
         (absl::ascii_isdigit(static_cast<unsigned char>(name[1])) || name[1] == '_');
}

bool Never(std::string_view) { return false; }

// One tool. Markers are what follows "--" on a line of its own, in lower case.
struct Format {
  v1::MigrationFormat format;
  Wrapping wrapping;
  std::string_view up, down;   // markers that open a part; empty: the tool has none
  std::string_view unwrapped;  // on the marker's line, or as a marker itself: no transaction
  bool (*is_up_name)(std::string_view base);  // from the name alone, in lower case
  bool (*is_down_name)(std::string_view base);
};

constexpr Format kFormats[] = {
    {v1::MIGRATION_FORMAT_GOOSE, Wrapping::kTransaction, "+goose up", "+goose down",
     "+goose no transaction", Never, Never},
    {v1::MIGRATION_FORMAT_DBMATE, Wrapping::kTransaction, "migrate:up", "migrate:down",
     "transaction:false", Never, Never},
    {v1::MIGRATION_FORMAT_SQL_MIGRATE, Wrapping::kTransaction, "+migrate up", "+migrate down",
     "notransaction", Never, Never},
    {v1::MIGRATION_FORMAT_NODE_PG_MIGRATE, Wrapping::kTransaction, "up migration", "down migration",
     "", Never, Never},
    {v1::MIGRATION_FORMAT_LIQUIBASE, Wrapping::kTransaction, "changeset", "",
     "runintransaction:false", Never, Never},
    {v1::MIGRATION_FORMAT_DIESEL, Wrapping::kTransaction, "", "", "",
     [](std::string_view base) { return base == "up.sql"; },
     [](std::string_view base) { return base == "down.sql"; }},
    {v1::MIGRATION_FORMAT_PRISMA, Wrapping::kIfSeveral, "", "", "",
     [](std::string_view base) { return base == "migration.sql"; }, Never},
    {v1::MIGRATION_FORMAT_GOLANG_MIGRATE, Wrapping::kIfSeveral, "", "", "",
     [](std::string_view base) { return base.ends_with(".up.sql"); },
     [](std::string_view base) { return base.ends_with(".down.sql"); }},
    {v1::MIGRATION_FORMAT_SQLX, Wrapping::kTransaction, "", "", "no-transaction", Never,
     [](std::string_view base) { return base.ends_with(".down.sql"); }},
    {v1::MIGRATION_FORMAT_FLYWAY, Wrapping::kUnlessForbidden, "", "", "",
     [](std::string_view base) { return IsFlyway(base) && base[0] != 'u'; },
     [](std::string_view base) { return IsFlyway(base) && base[0] == 'u'; }},
    // What these print opens and closes its transactions itself.
    {v1::MIGRATION_FORMAT_DJANGO, Wrapping::kNone, "", "", "", Never, Never},
    {v1::MIGRATION_FORMAT_ALEMBIC, Wrapping::kNone, "", "", "", Never, Never},
    {v1::MIGRATION_FORMAT_RAILS_STRUCTURE, Wrapping::kNone, "", "", "", Never, Never},
    {v1::MIGRATION_FORMAT_PLAIN, Wrapping::kNone, "", "", "", Never, Never},
};

const Format& Find(v1::MigrationFormat format) {
  for (const Format& entry : kFormats) {
    if (entry.format == format) return entry;
  }
  return kFormats[std::size(kFormats) - 1];
}

// The comment lines of a text, one by one.
struct CommentLine {
  std::string content;  // behind "--", trimmed, in lower case
  Span span;
};

std::optional<CommentLine> NextComment(std::string_view text, size_t& at) {
  while (at < text.size()) {
    const size_t begin = at;
    const size_t end = std::min(text.find('\n', begin), text.size());
    at = end + 1;
    std::string_view line = Trimmed(text.substr(begin, end - begin));
    if (!line.starts_with("--")) continue;
    return CommentLine{Lower(Trimmed(line.substr(2))),
                       {static_cast<uint32_t>(begin), static_cast<uint32_t>(end)}};
  }
  return std::nullopt;
}

bool Opens(const CommentLine& comment, std::string_view marker) {
  if (marker.empty() || !comment.content.starts_with(marker)) return false;
  return comment.content.size() == marker.size() ||
         !absl::ascii_isalnum(static_cast<unsigned char>(comment.content[marker.size()]));
}

// Cuts at the markers, and takes what goes up, or what goes down. What stands before the first
// marker goes up: nothing may hide there.
std::vector<Section> Cut(const Format& format, std::string_view text, bool wants_up) {
  const uint32_t size = static_cast<uint32_t>(text.size());
  std::vector<Section> sections;
  Section section{{0, size}, format.wrapping};
  bool up = true, unwrapped = false;
  const auto close = [&](uint32_t end) {
    section.span.end = end;
    if (up == wants_up) sections.push_back(section);
  };
  size_t at = 0;
  while (const std::optional<CommentLine> comment = NextComment(text, at)) {
    const bool opens_up = Opens(*comment, format.up), opens_down = Opens(*comment, format.down);
    const bool says_unwrapped =
        !format.unwrapped.empty() && comment->content.find(format.unwrapped) != std::string::npos;
    if (opens_up || opens_down) {
      close(comment->span.begin);
      section = {{comment->span.end, size}, format.wrapping};
      up = opens_up;
      if (says_unwrapped) section.wrapping = Wrapping::kNone;
    } else if (Opens(*comment, format.unwrapped)) {
      unwrapped = true;
    }
  }
  close(size);
  for (Section& each : sections) {
    if (unwrapped) each.wrapping = Wrapping::kNone;
  }
  return sections;
}

// The rollback commands of a Liquibase file, in their places in a text that is blank around them:
// --rollback SQL, and /* liquibase rollback ... */. The last changeset is undone first.
DownPart Rollbacks(const Format& format, std::string_view text) {
  constexpr std::string_view kLine = "rollback", kBlock = "/* liquibase rollback";
  DownPart part{std::string(text), {}};
  std::ranges::replace_if(
      part.text, [](char c) { return c != '\n'; }, ' ');
  std::vector<Section> changesets = Cut(format, text, true);
  std::ranges::reverse(changesets);
  for (const Section& changeset : changesets) {
    bool found = false;
    const auto keep = [&](size_t begin, size_t end) {
      found = true;
      std::string_view sql = text.substr(begin, end - begin);
      const std::string words = Lower(Trimmed(sql));
      if (words == "empty" || words == "not required") return;
      sql.copy(part.text.data() + begin, sql.size());
    };
    const std::string_view inside = text.substr(0, changeset.span.end);
    size_t at = changeset.span.begin;
    while (const std::optional<CommentLine> comment = NextComment(inside, at)) {
      if (!Opens(*comment, kLine)) continue;
      const std::string line = Lower(Slice(text, comment->span));
      keep(comment->span.begin + line.find(kLine) + kLine.size(), comment->span.end);
    }
    const std::string lower = Lower(inside);
    for (size_t begin = lower.find(kBlock, changeset.span.begin); begin != lower.npos;
         begin = lower.find(kBlock, begin + 1)) {
      keep(begin + kBlock.size(), std::min(lower.find("*/", begin), lower.size()));
    }
    if (found) part.sections.push_back(changeset);
  }
  return part;
}

void WrapAsAsked(const v1::MigrationFile& file, std::vector<Section>& sections) {
  for (Section& section : sections) {
    if (file.transaction_mode() == v1::TRANSACTION_MODE_WRAPPED) {
      section.wrapping = Wrapping::kTransaction;
    } else if (file.transaction_mode() == v1::TRANSACTION_MODE_NONE) {
      section.wrapping = Wrapping::kNone;
    }
  }
}

bool HasMarker(const Format& format, std::string_view text) {
  if (format.up.empty()) return false;
  size_t at = 0;
  while (const std::optional<CommentLine> comment = NextComment(text, at)) {
    if (Opens(*comment, format.up) || Opens(*comment, format.down)) return true;
  }
  return false;
}

// The path up to its last slash, with it.
std::string_view FolderIn(std::string_view path) { return path.substr(0, path.rfind('/') + 1); }

// "1.2__" of V1.2__a.sql.
std::string_view FlywayVersion(std::string_view base) {
  return base.substr(1, base.find("__") + 1);
}

// By what a file that goes up is found by the one that undoes it. Names are in lower case.
std::string KeyOfUp(std::string_view base) {
  if (!IsFlyway(base)) return std::string(base);
  return base[0] == 'v' ? absl::StrCat("v", std::string(FlywayVersion(base))) : "";
}

// The keys of what a file undoes by its name; none for most.
std::vector<std::string> UndoneBy(std::string_view base) {
  if (base == "down.sql") return {"up.sql", "migration.sql"};
  if (IsFlyway(base)) {
    if (base[0] != 'u') return {};
    return {absl::StrCat("v", std::string(FlywayVersion(base)))};
  }
  absl::string_view stem(base.data(), base.size());
  if (absl::ConsumeSuffix(&stem, ".down.sql") && !stem.empty()) {
    return {absl::StrCat(stem, ".up.sql"), absl::StrCat(stem, ".sql")};
  }
  if (!absl::ConsumeSuffix(&stem, "_down.sql") || stem.empty()) return {};
  std::vector<std::string> undone = {absl::StrCat(stem, "_up.sql")};
  // A name that ends so by chance has no version.
  if (absl::ascii_isdigit(static_cast<unsigned char>(stem[0])))
    undone.push_back(absl::StrCat(stem, ".sql"));
  return undone;
}

}  // namespace

v1::MigrationFormat FormatOf(const v1::MigrationFile& file, std::string_view text) {
  if (file.format() != v1::MIGRATION_FORMAT_UNSPECIFIED) return file.format();
  for (const Format& format : kFormats) {
    if (HasMarker(format, text)) return format.format;
  }
  const std::string base = Lower(Base(file.path()));
  for (const Format& format : kFormats) {
    if (format.is_up_name(base) || format.is_down_name(base)) return format.format;
  }
  return v1::MIGRATION_FORMAT_PLAIN;
}

std::vector<Section> UpSections(const v1::MigrationFile& file, std::string_view text) {
  const Format& format = Find(FormatOf(file, text));
  if (format.is_down_name(Lower(Base(file.path())))) return {};
  std::vector<Section> sections = Cut(format, text, true);
  WrapAsAsked(file, sections);
  return sections;
}

DownPart DownPartOf(const v1::MigrationFile& file) {
  const std::string_view text = WithoutByteOrderMark(file.sql());
  const Format& format = Find(FormatOf(file, text));
  DownPart part;
  if (!file.down_sql().empty()) {
    const std::string_view down = WithoutByteOrderMark(file.down_sql());
    part = {std::string(down), {{{0, static_cast<uint32_t>(down.size())}, format.wrapping}}};
  } else if (format.format == v1::MIGRATION_FORMAT_LIQUIBASE) {
    part = Rollbacks(format, text);
  } else {
    part = {std::string(text), Cut(format, text, false)};
  }
  WrapAsAsked(file, part.sections);
  return part;
}

bool IsWrapped(Wrapping wrapping, size_t statements, bool forbidden) {
  switch (wrapping) {
    case Wrapping::kNone:
      return false;
    case Wrapping::kTransaction:
      return true;
    case Wrapping::kIfSeveral:
      return statements > 1;
    case Wrapping::kUnlessForbidden:
      return !forbidden;
  }
  return true;
}

bool Undoes(std::string_view down, std::string_view up) {
  if (FolderIn(down) != FolderIn(up)) return false;
  return std::ranges::count(UndoneBy(Lower(Base(down))), KeyOfUp(Lower(Base(up)))) > 0;
}

std::vector<std::string> WithoutDownParts(std::vector<std::string> paths,
                                          std::span<const std::string> all) {
  std::set<std::string> ups;
  for (const std::string& path : all) {
    ups.insert(absl::StrCat(std::string(FolderIn(path)), KeyOfUp(Lower(Base(path)))));
  }
  std::erase_if(paths, [&ups](const std::string& path) {
    return std::ranges::any_of(UndoneBy(Lower(Base(path))), [&](const std::string& key) {
      return ups.contains(absl::StrCat(std::string(FolderIn(path)), key));
    });
  });
  return paths;
}

}  // namespace gate::migration
