#include "gate/evidence/flags/flagd_file.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "checks/policy/suggest.h"
#include "gate/evidence/flags/answer.h"
#include "gate/evidence/flags/document.h"
#include "gate/evidence/flags/flag_list.h"

namespace gate {
namespace {

constexpr std::array<std::string_view, 5> kTop = {"$schema", "$comment", "$evaluators", "flags",
                                                  "metadata"};
constexpr std::array<std::string_view, 5> kOfFlag = {"state", "variants", "defaultVariant",
                                                     "targeting", "metadata"};

// The first key that is none of these, or null.
template <size_t N>
const std::string* Stranger(const Value& mapping, const std::array<std::string_view, N>& known) {
  const auto stranger = std::ranges::find_if(mapping.keys, [&](const std::string& key) {
    return std::ranges::find(known, key) == known.end();
  });
  return stranger == mapping.keys.end() ? nullptr : &*stranger;
}

bool IsNothing(const Value* value) { return value == nullptr || value->IsNull(); }

bool HasTargeting(const Value* targeting) {
  return !IsNothing(targeting) && !(targeting->IsMapping() && targeting->items.empty());
}

bool AreBooleans(const Value& variants) {
  return !variants.items.empty() && std::ranges::all_of(variants.items, [](const Value& variant) {
    return variant.kind == Value::Kind::kBoolean;
  });
}

absl::Status NotFlagd(std::string_view place, const Value* value, std::string_view wanted) {
  return absl::InvalidArgumentError(
      absl::StrCat(std::string(place), ": ", Show(value), ", ", std::string(wanted)));
}

// What flagd refuses the whole file for. It then goes on with the file as it was before, so that
// nothing is known of any flag.
absl::Status CheckMetadata(const Value* metadata, std::string_view at) {
  if (IsNothing(metadata)) return absl::OkStatus();
  const bool plain = metadata->IsMapping() && metadata->Find("$ref") == nullptr &&
                     std::ranges::none_of(metadata->items, [](const Value& item) {
                       return item.IsMapping() || item.IsList();
                     });
  if (plain) return absl::OkStatus();
  return NotFlagd(absl::StrCat(std::string(at), "metadata"), metadata,
                  "not a mapping of names to plain values");
}

absl::Status CheckForm(const Value& flag, const std::string& at) {
  const Value* const state = flag.Find("state");
  if (state == nullptr || !state->IsText() ||
      (state->text != "ENABLED" && state->text != "DISABLED")) {
    return NotFlagd(at + "state", state, "neither \"ENABLED\" nor \"DISABLED\"");
  }
  const Value* const variants = flag.Find("variants");
  if (variants == nullptr || !variants->IsMapping()) {
    return NotFlagd(at + "variants", variants, "not a mapping");
  }
  const Value* const variant = flag.Find("defaultVariant");
  if (!IsNothing(variant) && (!variant->IsText() || variants->Find(variant->text) == nullptr)) {
    return NotFlagd(at + "defaultVariant", variant, "which is none of its variants");
  }
  return CheckMetadata(flag.Find("metadata"), at);
}

// Of a flag in good form. flagd's own order: state, targeting, default variant.
FlagReading ReadFlag(const Value& flag) {
  if (const std::string* const stranger = Stranger(flag, kOfFlag)) {
    return Unknown(absl::StrCat("it has ", Quoted(*stranger), ", which is not understood"));
  }
  const Value& variants = *flag.Find("variants");
  if (!AreBooleans(variants)) return Unknown("its variants are not all true or false");
  if (flag.Find("state")->text == "DISABLED") return CodeDefault("state: DISABLED");
  if (HasTargeting(flag.Find("targeting"))) return Unknown("it has targeting");
  const Value* const variant = flag.Find("defaultVariant");
  if (IsNothing(variant)) return CodeDefault("it has no defaultVariant");
  const Value& value = *variants.Find(variant->text);
  const std::string detail = absl::StrCat("ENABLED, defaultVariant ", Quoted(variant->text), ": ",
                                          Show(&value), ", no targeting");
  return value.boolean ? On(detail) : Off(detail);
}

}  // namespace

absl::StatusOr<v1::FlagStates> ParseFlagdFile(std::string_view text, bool yaml) {
  const absl::StatusOr<Value> file = yaml ? ParseYaml(text) : ParseJson(text);
  if (!file.ok()) return file.status();
  if (!file->IsMapping()) return NotFlagd("the file", &*file, "not a mapping with \"flags\"");
  if (const std::string* const stranger = Stranger(*file, kTop)) {
    return absl::InvalidArgumentError(Quoted(*stranger) + " is not understood");
  }
  const Value* const evaluators = file->Find("$evaluators");
  if (!IsNothing(evaluators) && !evaluators->IsMapping()) {
    return NotFlagd("$evaluators", evaluators, "not a mapping");
  }
  const absl::Status metadata = CheckMetadata(file->Find("metadata"), "");
  if (!metadata.ok()) return metadata;
  const Value* const flags = file->Find("flags");
  if (flags == nullptr || !flags->IsMapping()) return NotFlagd("flags", flags, "not a mapping");
  FlagList list;
  for (size_t i = 0; i < flags->items.size(); ++i) {
    const Value& flag = flags->items[i];
    const std::string at = absl::StrCat("flags.", Cut(flags->keys[i], 60));
    // flagd puts a part of $evaluators wherever a $ref stands, even in place of all flags.
    if (!flag.IsMapping()) return NotFlagd(at, &flag, "not a mapping");
    const absl::Status form = CheckForm(flag, at + ".");
    if (!form.ok()) return form;
    const absl::Status added = list.Add(flags->keys[i], ReadFlag(flag));
    if (!added.ok()) return added;
  }
  list.AddFacts(CanonicalText(*file));
  return list.States("", true);
}

std::string FileFor(const config::v1::FlagFile& file, const std::string& environment) {
  if (file.paths().empty()) return file.path();
  const auto found = file.paths().find(environment);
  return found == file.paths().end() ? "" : found->second;
}

bool FlagdFileReader::Read(const FlagQuestion& question, v1::FlagStates& states,
                           v1::Absence& absence) {
  const std::string path = FileFor(file_, question.environment);
  if (path.empty()) {
    return Fail(v1::ABSENCE_REASON_NOT_CONFIGURED,
                absl::StrCat("there is no file for the environment ", Quoted(question.environment),
                             "; name it in flagd_file.paths"),
                absence);
  }
  std::string text;
  if (!ReadFlagFile(path, text, absence)) return false;
  absl::StatusOr<v1::FlagStates> read = ParseFlagdFile(text, !absl::EndsWith(path, ".json"));
  if (!read.ok()) {
    return Fail(v1::ABSENCE_REASON_MALFORMED,
                absl::StrCat(path, ": ", std::string(read.status().message())), absence);
  }
  states = *std::move(read);
  states.set_server(path);
  return true;
}

}  // namespace gate
