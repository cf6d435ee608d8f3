#include "checks/policy/yaml.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/policy/fields.h"
#include "checks/policy/suggest.h"
#include "checks/policy/yaml_put.h"
#include "checks/policy/yaml_tree.h"

namespace gate {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using Kind = YamlNode::Kind;

std::string Join(const std::string& parent, std::string_view field) {
  return parent.empty() ? std::string(field) : parent + "." + std::string(field);
}

std::string Item(const std::string& list, size_t index) {
  return absl::StrCat(list, "[", index, "]");
}

// `to` has the type of `from`, but may be of another descriptor pool.
void Assign(const Message& from, Message& to) { to.ParseFromString(from.SerializeAsString()); }

// Walks the tree and the message side by side.
class Reader {
 public:
  Reader(std::string_view path, FieldPlaces& places, std::vector<FileIssue>& issues)
      : path_(path), places_(places), issues_(issues) {}

  // The mapping `node` into `message`, which is at the field path `at` ("" for the whole).
  void ReadMessage(const YamlNode& node, const std::string& at, Message& message);

 private:
  using Seen = std::map<const FieldDescriptor*, const YamlNode*>;

  void Issue(const YamlNode& node, const std::string& at, std::string message) {
    issues_.push_back({path_, node.line, node.column, at, std::move(message)});
  }
  void Note(const YamlNode& node, const std::string& at) {
    places_.places.emplace(at, FieldPlaces::Place{node.line, node.column});
  }

  // The field that a key of a mapping names; nullptr, with an issue, when it may not stand there.
  const FieldDescriptor* ReadKey(const YamlNode& key, const std::string& at, const Descriptor& type,
                                 Seen& seen);
  void ReadUnknown(const YamlNode& key, const std::string& at, const Descriptor& type);
  void ReadField(const YamlNode& key, const YamlNode& node, const std::string& at,
                 const FieldDescriptor& field, Message& message);
  void ReadList(const YamlNode& node, const std::string& at, const FieldDescriptor& field,
                Message& message);
  void ReadMap(const YamlNode& node, const std::string& at, const FieldDescriptor& field,
               Message& message);
  // One value of a singular field, or one more of a repeated one.
  void ReadValue(const YamlNode& node, const std::string& at, const FieldDescriptor& field,
                 Message& message);

  const std::string path_;
  FieldPlaces& places_;
  std::vector<FileIssue>& issues_;
};

void Reader::ReadMessage(const YamlNode& node, const std::string& at, Message& message) {
  if (node.kind != Kind::kMapping) {
    const std::string name = at.empty() ? "the file" : Quoted(at);
    if (node.kind == Kind::kNull) return Issue(node, at, name + " has no value");
    return Issue(
        node, at,
        absl::StrCat(name, " expects a mapping with ", OneOf(FieldNames(*message.GetDescriptor())),
                     ", has ", node.kind == Kind::kSequence ? "a list" : Quoted(node.text)));
  }
  Seen seen;
  for (size_t i = 0; i + 1 < node.items.size(); i += 2) {
    const YamlNode& key = *node.items[i];
    const FieldDescriptor* field = ReadKey(key, at, *message.GetDescriptor(), seen);
    if (field == nullptr) continue;
    ReadField(key, *node.items[i + 1], Join(at, field->name()), *field, message);
  }
}

const FieldDescriptor* Reader::ReadKey(const YamlNode& key, const std::string& at,
                                       const Descriptor& type, Seen& seen) {
  if (key.kind != Kind::kScalar) {
    Issue(key, Join(at, "?"), "a key is the name of a field");
    return nullptr;
  }
  const FieldDescriptor* field = FindField(type, key.text);
  if (field == nullptr) {
    ReadUnknown(key, at, type);
    return nullptr;
  }
  const std::string path = Join(at, field->name());
  if (const auto [first, added] = seen.emplace(field, &key); !added) {
    Issue(key, path,
          absl::StrCat(Quoted(key.text), " is given twice; first in line ", first->second->line));
    return nullptr;
  }
  if (const auto* oneof = field->real_containing_oneof()) {
    for (const auto& [other, place] : seen) {
      if (other == field || other->real_containing_oneof() != oneof) continue;
      Issue(key, path,
            absl::StrCat("either ", Quoted(key.text), " or ", Quoted(other->name()), " (line ",
                         place->line, "), not both"));
      return nullptr;
    }
  }
  return field;
}

// Where `name` is a field of a message that `type` has: "settings.enforcement" for "enforcement".
std::string DeeperField(const Descriptor& type, std::string_view name) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.message_type() == nullptr || field.is_repeated()) continue;
    if (FindField(*field.message_type(), name))
      return absl::StrCat(field.name(), ".", std::string(name));
  }
  return "";
}

void Reader::ReadUnknown(const YamlNode& key, const std::string& at, const Descriptor& type) {
  const std::string path = Join(at, key.text);
  if (key.plain && key.text == "<<") {
    return Issue(key, at,
                 "merge keys (\"<<\") are not understood; write the fields out, or give a "
                 "whole value by an alias (\"*name\")");
  }
  // The field of Checks is the check's id, and that is what its writer knows it as.
  const char* what = type.full_name() == "gate.v1.Checks" ? "check" : "field";
  const std::vector<std::string_view> names = FieldNames(type);
  std::string suggestion = DidYouMean(key.text, names);
  if (std::string deeper = DeeperField(type, key.text); suggestion.empty() && !deeper.empty()) {
    suggestion = absl::StrCat("; did you mean ", Quoted(deeper), "?");
  }
  if (suggestion.empty()) suggestion = "; known here: " + OneOf(names);
  // A check of the whole message need not miss the field that was meant.
  if (const std::string_view meant = Nearest(key.text, names); !meant.empty()) {
    Note(key, Join(at, meant));
  }
  Issue(key, path, absl::StrCat("unknown ", what, " ", Quoted(key.text), suggestion));
}

void Reader::ReadField(const YamlNode& key, const YamlNode& node, const std::string& at,
                       const FieldDescriptor& field, Message& message) {
  const bool nested = node.kind == Kind::kMapping || node.kind == Kind::kSequence;
  // A value that is not there has no place of its own.
  const YamlNode& place = nested || node.kind == Kind::kNull ? key : node;
  Note(place, at);
  if (node.kind == Kind::kNull) {
    return Issue(
        key, at,
        absl::StrCat(Quoted(key.text), " has no value; ",
                     field.message_type() && !field.is_repeated()
                         ? absl::StrCat("write \"", key.text, ": {}\" for all defaults, or ")
                         : "",
                     "leave it out"));
  }
  if (field.is_repeated() && nested && node.items.empty()) {
    return Issue(key, at,
                 absl::StrCat(Quoted(key.text), " is empty; leave it out, or write a value"));
  }
  if (field.is_map()) return ReadMap(node, at, field, message);
  if (field.is_repeated()) return ReadList(node, at, field, message);
  ReadValue(node, at, field, message);
}

void Reader::ReadList(const YamlNode& node, const std::string& at, const FieldDescriptor& field,
                      Message& message) {
  if (node.kind != Kind::kSequence) {
    const std::string hint =
        node.kind == Kind::kScalar ? absl::StrCat("; write [", node.text, "]") : "";
    return Issue(node, at, absl::StrCat("expects a list", hint));
  }
  for (size_t i = 0; i < node.items.size(); ++i) {
    Note(*node.items[i], Item(at, i));
    ReadValue(*node.items[i], Item(at, i), field, message);
  }
}

void Reader::ReadMap(const YamlNode& node, const std::string& at, const FieldDescriptor& field,
                     Message& message) {
  if (node.kind != Kind::kMapping) {
    return Issue(node, at, "expects a mapping of names to values");
  }
  std::map<std::string_view, const YamlNode*> seen;
  for (size_t i = 0; i + 1 < node.items.size(); i += 2) {
    const YamlNode& key = *node.items[i];
    const YamlNode& value = *node.items[i + 1];
    if (key.kind != Kind::kScalar) {
      Issue(key, at, "a key is a text");
      continue;
    }
    const std::string path = EntryPath(at, key.text);
    if (const auto [first, added] = seen.emplace(key.text, &key); !added) {
      Issue(key, path,
            absl::StrCat(Quoted(key.text), " is given twice; first in line ", first->second->line));
      continue;
    }
    Note(value.kind == Kind::kScalar ? value : key, path);
    Message& entry = *message.GetReflection()->AddMessage(&message, &field);
    if (Complaint complaint = PutScalar(key, *field.message_type()->map_key(), entry)) {
      Issue(key, path, *complaint);
    }
    ReadValue(value, path, *field.message_type()->map_value(), entry);
  }
}

void Reader::ReadValue(const YamlNode& node, const std::string& at, const FieldDescriptor& field,
                       Message& message) {
  if (const Descriptor* type = field.message_type()) {
    const google::protobuf::Reflection& reflection = *message.GetReflection();
    Message& value = field.is_repeated() ? *reflection.AddMessage(&message, &field)
                                         : *reflection.MutableMessage(&message, &field);
    if (type->full_name() == "google.protobuf.Duration") {
      google::protobuf::Duration duration;
      if (Complaint complaint = ReadDuration(node, duration)) return Issue(node, at, *complaint);
      return Assign(duration, value);
    }
    if (type->full_name() == "google.protobuf.Timestamp") {
      google::protobuf::Timestamp time;
      if (Complaint complaint = ReadTimestamp(node, time)) return Issue(node, at, *complaint);
      return Assign(time, value);
    }
    return ReadMessage(node, at, value);
  }
  if (Complaint complaint = PutScalar(node, field, message)) return Issue(node, at, *complaint);
}

}  // namespace

// What stands under an alias is an issue for each use of it, but of one place: it is told once.
void ArrangeIssues(std::vector<FileIssue>& issues) {
  constexpr size_t kMost = 100;
  const auto told = [](const FileIssue& issue) {
    return std::tie(issue.line, issue.column, issue.message);
  };
  std::sort(issues.begin(), issues.end(), [&](const FileIssue& a, const FileIssue& b) {
    return std::tuple_cat(told(a), std::tie(a.field)) < std::tuple_cat(told(b), std::tie(b.field));
  });
  issues.erase(
      std::unique(issues.begin(), issues.end(),
                  [&](const FileIssue& a, const FileIssue& b) { return told(a) == told(b); }),
      issues.end());
  if (issues.size() <= kMost) return;
  issues.resize(kMost + 1);
  issues.back().field.clear();
  issues.back().message = "and more issues from here on";
}

std::string FileIssue::ToString() const {
  return absl::StrCat(path, ":", line, ":", column, ": ", message);
}

FieldPlaces::Place FieldPlaces::Find(std::string_view field) const {
  for (;;) {
    if (const auto found = places.find(field); found != places.end()) return found->second;
    const size_t end = field.find_last_of(".[");
    if (end == std::string_view::npos) break;
    field = field.substr(0, end);
  }
  return {1, 1};
}

std::vector<FileIssue> ParseYaml(std::string_view path, std::string_view text, Message& message,
                                 FieldPlaces* places) {
  std::vector<FileIssue> issues;
  YamlTree tree;
  for (YamlProblem& problem : ParseYamlTree(text, tree)) {
    issues.push_back({std::string(path), problem.line, problem.column, "", problem.message});
  }
  if (!issues.empty() || tree.root == nullptr) return issues;
  FieldPlaces unwanted;
  Reader(path, places ? *places : unwanted, issues).ReadMessage(*tree.root, "", message);
  ArrangeIssues(issues);
  return issues;
}

}  // namespace gate
