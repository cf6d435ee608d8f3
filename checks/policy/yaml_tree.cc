#include "checks/policy/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "checks/policy/suggest.h"
#include "checks/policy/utf8.h"

namespace gate {
namespace {

constexpr size_t kMaxBytes = 1 << 20;
constexpr int kMaxDepth = 64;
constexpr int kMaxNodes = 100'000;

// Lines of the text, to say where a byte is in characters.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') starts_.push_back(i + 1);
    }
    int characters = 0;
    for (size_t i = 0; i <= text.size(); i += kBlock) {
      before_block_.push_back(characters);
      characters += CountCharacters(text.substr(i, kBlock));
    }
  }

  // Both from 1.
  std::pair<int, int> OfOffset(size_t offset) const {
    const auto next = std::upper_bound(starts_.begin(), starts_.end(), offset);
    const int line = static_cast<int>(next - starts_.begin());
    return {line, 1 + CharactersBefore(offset) - CharactersBefore(starts_[line - 1])};
  }

  std::pair<int, int> OfMark(const YAML::Mark& mark) const { return OfOffset(Offset(mark)); }

  // The text from the mark on.
  std::string_view From(const YAML::Mark& mark) const { return text_.substr(Offset(mark)); }

 private:
  // yaml-cpp counts lines and bytes from 0.
  size_t Offset(const YAML::Mark& mark) const {
    if (mark.is_null()) return 0;
    const size_t line = std::min<size_t>(mark.line, starts_.size() - 1);
    return std::min(starts_[line] + mark.column, text_.size());
  }

  // Counted by blocks: a file may be one line of a megabyte, with a value at every other byte.
  int CharactersBefore(size_t offset) const {
    const size_t block = offset / kBlock;
    return before_block_[block] +
           CountCharacters(text_.substr(block * kBlock, offset - block * kBlock));
  }

  static constexpr size_t kBlock = 256;
  std::string_view text_;
  std::vector<size_t> starts_ = {0};
  std::vector<int> before_block_;
};

// Whether a scalar that begins here, behind its anchor and comments, opens a double quote that
// never closes. yaml-cpp lets the rest of the file be its text, and with it every rule that
// follows.
bool IsOpenQuote(std::string_view text) {
  while (!text.empty() && text[0] != '"') {
    const bool property = text[0] == '&' || text[0] == '!';
    const bool comment = text[0] == '#';
    if (!property && !comment && !absl::ascii_isspace(text[0])) return false;
    const size_t length = property ? text.find_first_of(" \t\r\n") : comment ? text.find('\n') : 1;
    text.remove_prefix(std::min(length, text.size()));
  }
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') return false;
    if (text[i] == '\\') ++i;
  }
  return !text.empty();
}

// Builds the tree from yaml-cpp's events. After the first problem it takes no more.
class Builder final : public YAML::EventHandler {
 public:
  Builder(const Lines& lines, YamlTree& tree) : lines_(lines), tree_(tree) {}

  const std::optional<YamlProblem>& problem() const { return problem_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ == 0) return;
    Fail(mark, lines_.From(mark).starts_with("---")
                   ? "a second document begins here; one file holds one document"
                   : "not YAML: the text goes on after its end; a line is indented wrongly");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Add(mark, anchor, YamlNode::Kind::kNull);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    CheckTag(mark, tag);
    const bool plain = tag == "?";
    if (!plain && IsOpenQuote(lines_.From(mark))) {
      Fail(mark, "not YAML: a closing quote is missing");
    }
    if (YamlNode* node = Add(mark, anchor, YamlNode::Kind::kScalar)) {
      node->plain = plain;
      node->text = value;
    }
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    CheckTag(mark, tag);
    Open(mark, anchor, YamlNode::Kind::kSequence);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    CheckTag(mark, tag);
    Open(mark, anchor, YamlNode::Kind::kMapping);
  }
  void OnMapEnd() override { Close(); }

 private:
  void Fail(const YAML::Mark& mark, std::string message) {
    if (problem_) return;
    const auto [line, column] = lines_.OfMark(mark);
    problem_ = YamlProblem{line, column, std::move(message)};
  }
  void CheckTag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?" || tag == "!") return;
    Fail(mark,
         absl::StrCat("the tag ", Quoted(tag), " is not understood; types follow from the fields"));
  }
  // Puts a value of so many levels and nodes where it belongs; false when that is beyond a bound.
  bool Place(const YAML::Mark& mark, YamlNode* node);
  YamlNode* Add(const YAML::Mark& mark, YAML::anchor_t anchor, YamlNode::Kind kind);
  void Open(const YAML::Mark& mark, YAML::anchor_t anchor, YamlNode::Kind kind) {
    if (YamlNode* node = Add(mark, anchor, kind)) open_.push_back(node);
  }
  void Close();

  const Lines& lines_;
  YamlTree& tree_;
  std::vector<YamlNode*> open_;
  std::map<YAML::anchor_t, YamlNode*> anchors_;
  int64_t nodes_ = 0;
  int documents_ = 0;
  std::optional<YamlProblem> problem_;
};

bool Builder::Place(const YAML::Mark& mark, YamlNode* node) {
  nodes_ += node->size;
  if (nodes_ > kMaxNodes) {
    Fail(mark, absl::StrCat("more than ", kMaxNodes, " values, with aliases counted in full"));
  } else if (static_cast<int>(open_.size()) + node->height > kMaxDepth) {
    Fail(mark, absl::StrCat("nested more than ", kMaxDepth, " deep"));
  }
  if (problem_) return false;
  if (open_.empty()) {
    tree_.root = node;
  } else {
    open_.back()->items.push_back(node);
  }
  return true;
}

YamlNode* Builder::Add(const YAML::Mark& mark, YAML::anchor_t anchor, YamlNode::Kind kind) {
  if (problem_) return nullptr;
  YamlNode& node = tree_.nodes.emplace_back();
  node.kind = kind;
  std::tie(node.line, node.column) = lines_.OfMark(mark);
  if (anchor != YAML::NullAnchor) anchors_[anchor] = &node;
  return Place(mark, &node) ? &node : nullptr;
}

void Builder::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
  if (problem_) return;
  const auto found = anchors_.find(anchor);
  if (found == anchors_.end()) return Fail(mark, "the alias refers to nothing");
  if (std::find(open_.begin(), open_.end(), found->second) != open_.end()) {
    return Fail(mark, "the alias stands inside the value that it refers to");
  }
  Place(mark, found->second);
}

void Builder::Close() {
  if (problem_) return;
  YamlNode* node = open_.back();
  open_.pop_back();
  for (const YamlNode* item : node->items) {
    node->height = std::max(node->height, item->height + 1);
    node->size += item->size;
  }
}

// yaml-cpp's words, and what people have done to see them.
std::string Explain(const YAML::ParserException& error) {
  static constexpr std::pair<std::string_view, std::string_view> kHints[] = {
      {"illegal tab", "; indent with spaces"},
      {"end of map not found", "; a line is indented wrongly, or a colon is missing"},
      {"end of sequence not found", "; a line is indented wrongly, or a \"- \" is missing"},
      {"end of map flow not found", "; a \"}\" or a comma is missing"},
      {"end of sequence flow not found", "; a \"]\" or a comma is missing"},
      {"illegal map value",
       "; a text with \": \" in it needs quotes, or a line is indented wrongly"},
      {"unknown token", "; a text that begins with a special character needs quotes"},
      {"illegal EOF in scalar", "; a closing quote is missing"},
      {"unknown escape character", "; in single quotes a backslash means itself"},
  };
  for (const auto& [words, hint] : kHints) {
    if (error.msg.find(words) != std::string::npos) {
      return absl::StrCat("not YAML: ", error.msg, absl::string_view(hint.data(), hint.size()));
    }
  }
  return absl::StrCat("not YAML: ", error.msg);
}

// What is no text, before yaml-cpp sees it. (It would guess another encoding.)
std::optional<YamlProblem> CheckBytes(std::string_view text, const Lines& lines) {
  if (text.size() > kMaxBytes) {
    return YamlProblem{1, 1,
                       absl::StrCat("the file has ", text.size(), " bytes; at most ", kMaxBytes)};
  }
  if (const size_t at = FindInvalidUtf8(text); at != std::string_view::npos) {
    const auto [line, column] = lines.OfOffset(at);
    return YamlProblem{
        line, column,
        absl::StrCat("not UTF-8: the byte 0x",
                     absl::Hex(static_cast<unsigned char>(text[at]), absl::kZeroPad2))};
  }
  if (const size_t at = FindControlCharacter(text); at != std::string_view::npos) {
    const auto [line, column] = lines.OfOffset(at);
    return YamlProblem{
        line, column,
        absl::StrCat("a control character, U+",
                     absl::Hex(static_cast<unsigned char>(text[at]), absl::kZeroPad4))};
  }
  return std::nullopt;
}

}  // namespace

std::vector<YamlProblem> ParseYamlTree(std::string_view text, YamlTree& tree) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const Lines lines(text);
  if (auto problem = CheckBytes(text, lines)) return {*problem};
  Builder builder(lines, tree);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (!builder.problem() && parser.HandleNextDocument(builder)) continue;
  } catch (const YAML::ParserException& error) {
    if (!builder.problem()) {
      const auto [line, column] = lines.OfMark(error.mark);
      return {YamlProblem{line, column, Explain(error)}};
    }
  } catch (const std::exception& error) {
    return {YamlProblem{1, 1, absl::StrCat("not YAML: ", error.what())}};
  }
  if (builder.problem()) return {*builder.problem()};
  return {};
}

}  // namespace gate
