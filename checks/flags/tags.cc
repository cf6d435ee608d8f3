#include "checks/flags/tags.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "checks/flags/tag_expressions.h"

namespace gate::flags {
namespace {

constexpr int kDeepest = 100;

constexpr std::string_view kFields[] = {
    "condition", "consequence", "alternative", "body", "left",  "right", "operator",  "object",
    "attribute", "function",    "arguments",   "name", "value", "tag",   "parameters"};

bool IsOneOf(std::string_view name, std::span<const std::string_view> names) {
  return std::ranges::count(names, name) > 0;
}

// Tags that stand alone, and show something or change what others show.
constexpr std::string_view kAlone[] = {"include",
                                       "extends",
                                       "load",
                                       "url",
                                       "static",
                                       "csrf_token",
                                       "now",
                                       "cycle",
                                       "firstof",
                                       "widthratio",
                                       "regroup",
                                       "templatetag",
                                       "lorem",
                                       "debug",
                                       "resetcycle",
                                       "do",
                                       "break",
                                       "continue",
                                       "querystring",
                                       "ssi",
                                       "get_static_prefix",
                                       "get_media_prefix",
                                       "get_current_language",
                                       "get_current_language_bidi",
                                       "get_available_languages",
                                       "get_language_info",
                                       "get_language_info_list",
                                       "get_current_timezone",
                                       "crispy",
                                       "translate"};

// Tags whose content is shown by them, whatever else they do, with words that may stand in it.
struct Around {
  std::string_view name, between;
};
constexpr Around kAround[] = {{"autoescape", ""},
                              {"spaceless", ""},
                              {"cache", ""},
                              {"language", ""},
                              {"localize", ""},
                              {"localtime", ""},
                              {"timezone", ""},
                              {"filter", ""},
                              {"blocktrans", "plural"},
                              {"blocktranslate", "plural"},
                              {"ifchanged", "else"},
                              {"ifequal", "else"},
                              {"ifnotequal", "else"}};

// Tags of django-waffle, which ask for a flag.
constexpr std::string_view kAsking[] = {"flag", "switch", "sample"};

// A tag, as it is written.
struct Tag {
  Span whole;  // with its braces
  std::string_view name;
  Span name_span;
  Span rest;  // behind the name
};

class TagReader {
 public:
  TagReader(std::string_view text, TagDialect dialect, std::span<const std::string> own_tags)
      : text_(text), dialect_(dialect), own_tags_(own_tags) {}

  absl::StatusOr<Part> Read() {
    Part root;
    root.role = Role::kModule;
    Statements(root.parts, {});
    if (!error_.ok()) return error_;
    if (!root.parts.empty()) root.span = {0, Size()};
    return root;
  }

 private:
  using Names = std::vector<std::string_view>;

  uint32_t Size() const { return static_cast<uint32_t>(text_.size()); }

  // The first that is not understood; nothing is read behind it.
  void Fail(std::string_view why, uint32_t byte) {
    if (!error_.ok()) return;
    const auto line = std::ranges::count(text_.substr(0, byte), '\n') + 1;
    error_ = absl::UnimplementedError(absl::StrCat(std::string(why), ", at line ", line));
    at_ = Size();
  }

  bool IsOnOneLine(Span span) const {
    return text_.substr(span.begin, span.end - span.begin).find('\n') == text_.npos;
  }

  void AddMarkup(uint32_t end, std::vector<Part>& parts) {
    for (const Span& line : MarkupLines(text_, at_, end)) {
      Part markup;
      markup.role = Role::kMarkup;
      markup.span = line;
      parts.push_back(std::move(markup));
    }
    at_ = end;
  }

  // Up to a tag that is one of `ends`, which is returned; of none, up to the end of the text.
  Tag Statements(std::vector<Part>& parts, const Names& ends) {
    while (at_ < Size()) {
      uint32_t begin = at_;
      const auto opens = [&] {
        const char next = begin + 1 < Size() ? text_[begin + 1] : ' ';
        return text_[begin] == '{' && (next == '%' || next == '{' || next == '#');
      };
      while (begin < Size() && !opens()) ++begin;
      AddMarkup(begin, parts);
      if (begin == Size()) break;
      switch (text_[begin + 1]) {
        case '#':
          Comment(parts);
          break;
        case '{':
          Shown(parts);
          break;
        default: {
          const Tag tag = ReadTag();
          if (!error_.ok()) return {};
          if (IsOneOf(tag.name, ends)) return tag;
          Statement(tag, parts);
        }
      }
    }
    if (!ends.empty()) Fail("a tag is not closed", Size());
    return {};
  }

  void Comment(std::vector<Part>& parts) {
    const uint32_t begin = at_;
    const size_t close = text_.find("#}", begin + 2);
    if (close == text_.npos) return Fail("a comment is not closed", begin);
    const Span whole = {begin, static_cast<uint32_t>(close) + 2};
    const std::string_view inside = text_.substr(begin + 2, close - begin - 2);
    // Django shows what Jinja takes for a comment of several lines.
    if (dialect_ == TagDialect::kEither && !IsOnOneLine(whole)) {
      if (inside.find("{%") != text_.npos || inside.find("{{") != text_.npos ||
          inside.find("{#") != text_.npos) {
        return Fail("a comment of several lines with tags in it", begin);
      }
      return AddMarkup(whole.end, parts);
    }
    at_ = whole.end;
  }

  // What is between the braces of a tag; empty, and an error, where that is not clear.
  Span Inside(std::string_view close, Span& whole) {
    const uint32_t begin = at_;
    const size_t end = text_.find(close, begin + 2);
    if (end == text_.npos) {
      Fail("a tag is not closed", begin);
      return {};
    }
    whole = {begin, static_cast<uint32_t>(end) + 2};
    Span inside = {begin + 2, static_cast<uint32_t>(end)};
    for (const std::string_view other : {"{%", "{{", "{#", "%}", "}}", "#}"}) {
      if (text_.substr(inside.begin, inside.end - inside.begin).find(other) != text_.npos) {
        Fail("a tag stands in another one", begin);
        return {};
      }
    }
    const auto trims = [&](char c) { return c == '-' || c == '+'; };
    if (inside.begin < inside.end && trims(text_[inside.begin])) ++inside.begin;
    if (inside.begin < inside.end && trims(text_[inside.end - 1])) --inside.end;
    at_ = whole.end;
    return inside;
  }

  void Shown(std::vector<Part>& parts) {
    Span whole;
    const Span inside = Inside("}}", whole);
    if (!error_.ok()) return;
    Part shown, sign;
    sign.span = {whole.begin, whole.begin + 2};
    shown.span = whole;
    shown.parts.push_back(std::move(sign));
    TagExpressions expressions(text_, inside);
    shown.parts.push_back(expressions.Expression(""));
    if (!expressions.ok() || !expressions.AtEnd()) {
      return Fail("what is shown is not understood", whole.begin);
    }
    parts.push_back(std::move(shown));
  }

  Tag ReadTag() {
    Tag tag;
    const Span inside = Inside("%}", tag.whole);
    if (!error_.ok()) return tag;
    // Django shows a tag of several lines as it is.
    if (dialect_ == TagDialect::kEither && !IsOnOneLine(tag.whole)) {
      Fail("a tag of several lines, which is none to Django", tag.whole.begin);
      return tag;
    }
    const auto tokens = TagTokens(text_, inside);
    if (!tokens || tokens->front().kind != TagToken::Kind::kName) {
      Fail("a tag is not understood", tag.whole.begin);
      return tag;
    }
    tag.name = tokens->front().text;
    tag.name_span = tokens->front().span;
    tag.rest = {tag.name_span.end, inside.end};
    return tag;
  }

  void Statement(const Tag& tag, std::vector<Part>& parts) {
    if (++depth_ > kDeepest) return Fail("tags are nested deeper than is followed", at_);
    const auto around = std::ranges::find(kAround, tag.name, &Around::name);
    if (tag.name == "if") {
      If(tag, parts);
    } else if (tag.name == "for") {
      For(tag, parts);
    } else if (IsOneOf(tag.name, kAsking)) {
      Asking(tag, parts);
    } else if (tag.name == "with") {
      With(tag, parts);
    } else if (tag.name == "set") {
      Set(tag, parts);
    } else if (tag.name == "block") {
      Block(tag, parts);
    } else if (tag.name == "macro") {
      Macro(tag, parts);
    } else if (tag.name == "call") {
      Call(tag, parts);
    } else if (tag.name == "trans") {
      Trans(tag, parts);
    } else if (tag.name == "import" || tag.name == "from") {
      Alone(tag, Role::kImport, parts);
    } else if (tag.name == "raw" || tag.name == "verbatim") {
      Verbatim(tag, parts);
    } else if (tag.name == "comment") {
      CommentBlock(tag);
    } else if (around != std::end(kAround)) {
      Enclosing(tag, around->between, parts);
    } else if (std::ranges::count(own_tags_, tag.name) > 0) {
      Asking(tag, parts);
    } else if (IsOneOf(tag.name, kAlone)) {
      Alone(tag, Role::kOther, parts);
    } else {
      Fail(absl::StrCat("what the tag ", std::string(tag.name), " does is not known"),
           tag.whole.begin);
    }
    --depth_;
  }

  // ---- parts of tags
  static Part NamePart(const Tag& tag, std::string_view field = "") {
    Part name;
    name.field = field;
    name.span = tag.name_span;
    return name;
  }

  // Behind the name there is nothing.
  void ExpectBare(const Tag& tag) {
    const auto tokens = TagTokens(text_, tag.rest);
    if (!tokens || tokens->size() > 1)
      Fail("a tag has more in it than is understood", tag.whole.begin);
  }

  void ExpectAtEnd(const TagExpressions& expressions, const Tag& tag) {
    if (!expressions.ok() || !expressions.AtEnd()) {
      Fail(absl::StrCat("the tag ", std::string(tag.name), " is not understood"), tag.whole.begin);
    }
  }

  // What stands up to one of `ends`, which is returned.
  Tag Body(const Names& ends, std::string_view field, std::vector<Part>& parts) {
    Part block;
    block.role = Role::kBlock;
    block.field = field;
    const uint32_t begin = at_;
    const Tag end = Statements(block.parts, ends);
    block.span = {begin, block.parts.empty() ? begin : block.parts.back().span.end};
    parts.push_back(std::move(block));
    return end;
  }

  // As Body, behind `else`.
  Tag Else(const Tag& tag, const Names& ends, std::vector<Part>& parts) {
    ExpectBare(tag);
    Part other;
    other.role = Role::kElse;
    other.field = "alternative";
    const Tag end = Body(ends, "body", other.parts);
    other.span = {tag.whole.begin, other.parts.back().span.end};
    parts.push_back(std::move(other));
    return end;
  }

  void Close(const Tag& end, Part& part, std::vector<Part>& parts) {
    if (!error_.ok()) return;
    part.span.end = end.whole.end;
    parts.push_back(std::move(part));
  }

  Part Begin(const Tag& tag, Role role) const {
    Part part;
    part.role = role;
    part.span.begin = tag.whole.begin;
    return part;
  }

  // ---- tags
  void If(const Tag& tag, std::vector<Part>& parts) {
    Part part = Begin(tag, Role::kIf);
    const Names ends = {"elif", "else", "endif"};
    const auto branch = [&](const Tag& asks, Part& of) {
      TagExpressions expressions(text_, asks.rest);
      of.parts.push_back(expressions.Expression("condition"));
      ExpectAtEnd(expressions, asks);
      return Body(ends, "consequence", of.parts);
    };
    Tag next = branch(tag, part);
    while (error_.ok() && next.name == "elif") {
      Part elif = Begin(next, Role::kElif);
      elif.field = "alternative";
      next = branch(next, elif);
      elif.span.end = elif.parts.back().span.end;
      part.parts.push_back(std::move(elif));
    }
    if (error_.ok() && next.name == "else") next = Else(next, {"endif"}, part.parts);
    if (error_.ok()) ExpectBare(next);
    Close(next, part, parts);
  }

  void Asking(const Tag& tag, std::vector<Part>& parts) {
    Part part = Begin(tag, Role::kIf);
    Part call, arguments;
    call.role = Role::kCall;
    call.field = "condition";
    call.span = {tag.name_span.begin, tag.rest.end};
    call.parts.push_back(NamePart(tag, "tag"));
    arguments.role = Role::kArguments;
    arguments.field = "arguments";
    arguments.span = tag.rest;
    TagExpressions expressions(text_, tag.rest);
    expressions.Rest(arguments.parts);
    ExpectAtEnd(expressions, tag);
    call.parts.push_back(std::move(arguments));
    part.parts.push_back(std::move(call));
    const std::string closing = absl::StrCat("end", std::string(tag.name));
    Tag next = Body({"else", closing}, "consequence", part.parts);
    if (error_.ok() && next.name == "else") next = Else(next, {closing}, part.parts);
    if (error_.ok()) ExpectBare(next);
    Close(next, part, parts);
  }

  void For(const Tag& tag, std::vector<Part>& parts) {
    Part loop = Begin(tag, Role::kLoop);
    TagExpressions expressions(text_, tag.rest);
    const bool brackets = expressions.Take("(");
    do {
      loop.parts.push_back(expressions.Name(Role::kIdentifier, "left"));
    } while (expressions.Take(","));
    if ((brackets && !expressions.Take(")")) || !expressions.Take("in")) {
      return Fail("the tag for is not understood", tag.whole.begin);
    }
    loop.parts.push_back(expressions.Condition("right"));
    // Where nothing is left the other branch is shown: it is not followed as a condition.
    if (expressions.Take("if")) loop.parts.push_back(expressions.Condition(""));
    for (const std::string_view word : {"recursive", "reversed"}) {
      if (expressions.Is(word)) loop.parts.push_back(expressions.Name(Role::kOther, ""));
    }
    ExpectAtEnd(expressions, tag);
    Tag next = Body({"else", "empty", "endfor"}, "body", loop.parts);
    if (error_.ok() && next.name != "endfor") next = Else(next, {"endfor"}, loop.parts);
    if (error_.ok()) ExpectBare(next);
    Close(next, loop, parts);
  }

  // Names that hold in it.
  void With(const Tag& tag, std::vector<Part>& parts) {
    Part with = Begin(tag, Role::kBlock);
    with.parts.push_back(NamePart(tag));
    TagExpressions expressions(text_, tag.rest);
    while (expressions.ok() && !expressions.AtEnd()) {
      Part given;
      given.role = Role::kDeclaration;
      Part name = expressions.Name(Role::kIdentifier, "name");
      // `with x.y as z` is the old way of writing it.
      if (!expressions.Take("=")) return Fail("the tag with is not understood", tag.whole.begin);
      Part value = expressions.Expression("value");
      given.span = {name.span.begin, value.span.end};
      given.parts.push_back(std::move(name));
      given.parts.push_back(std::move(value));
      with.parts.push_back(std::move(given));
      expressions.Take(",");
    }
    ExpectAtEnd(expressions, tag);
    const Tag end = Body({"endwith"}, "body", with.parts);
    if (error_.ok()) ExpectBare(end);
    Close(end, with, parts);
  }

  void Set(const Tag& tag, std::vector<Part>& parts) {
    Part set = Begin(tag, Role::kAssignment);
    TagExpressions expressions(text_, tag.rest);
    std::vector<Part> names;
    do {
      names.push_back(expressions.Name(Role::kIdentifier, "left"));
      while (expressions.Take(".")) names.push_back(expressions.Name(Role::kIdentifier, "left"));
    } while (expressions.Take(","));
    const bool one = names.size() == 1;
    if (!one) {
      set.role = Role::kOther;
      for (Part& name : names) name.role = Role::kBinding;
    }
    for (Part& name : names) set.parts.push_back(std::move(name));
    if (expressions.Take("=")) {
      set.parts.push_back(expressions.Expression("right"));
      while (expressions.Take(",")) {  // Several, or the parts of one.
        set.role = Role::kOther;
        set.parts.push_back(expressions.Expression(""));
      }
      ExpectAtEnd(expressions, tag);
      return Close(tag, set, parts);
    }
    // What is shown up to its end.
    set.role = Role::kOther;
    set.parts[0].role = Role::kBinding;
    if (expressions.Is("|")) return Fail("the tag set is not understood", tag.whole.begin);
    ExpectAtEnd(expressions, tag);
    const Tag end = Body({"endset"}, "body", set.parts);
    if (error_.ok()) ExpectBare(end);
    Close(end, set, parts);
  }

  void Block(const Tag& tag, std::vector<Part>& parts) {
    Part block = Begin(tag, Role::kBlockOfMarkup);
    TagExpressions expressions(text_, tag.rest);
    block.parts.push_back(expressions.Name(Role::kOther, ""));
    const std::string_view name = expressions.ok() ? TextOf(block.parts[0].span) : "";
    for (const std::string_view word : {"scoped", "required"}) {
      if (expressions.Is(word)) block.parts.push_back(expressions.Name(Role::kOther, ""));
    }
    ExpectAtEnd(expressions, tag);
    const Tag end = Body({"endblock"}, "body", block.parts);
    TagExpressions closing(text_, end.rest);
    if (error_.ok() && !closing.AtEnd() && !closing.Take(name)) {
      return Fail("a block is closed by another name", end.whole.begin);
    }
    if (error_.ok()) ExpectAtEnd(closing, end);
    Close(end, block, parts);
  }

  std::string_view TextOf(Span span) const {
    return text_.substr(span.begin, span.end - span.begin);
  }

  // In brackets: names, with what they are where nobody gives them.
  Part Parameters(TagExpressions& expressions, const Tag& tag) {
    Part list;
    list.role = Role::kParameters;
    list.field = "parameters";
    list.span = {tag.rest.begin, tag.rest.begin};
    if (!expressions.Take("(")) return list;
    while (expressions.ok() && !expressions.Take(")")) {
      Part parameter;
      parameter.parts.push_back(expressions.Name(Role::kIdentifier, ""));
      parameter.span = parameter.parts[0].span;
      if (expressions.Take("=")) {
        parameter.parts.push_back(expressions.Expression("value"));
        parameter.span.end = parameter.parts[1].span.end;
      }
      if (list.parts.empty()) list.span.begin = parameter.span.begin;
      list.span.end = parameter.span.end;
      list.parts.push_back(std::move(parameter));
      if (!expressions.Take(",") && !expressions.Is(")")) {
        Fail("parameters are not understood", tag.whole.begin);
        break;
      }
    }
    return list;
  }

  void Macro(const Tag& tag, std::vector<Part>& parts) {
    Part macro = Begin(tag, Role::kFunction);
    TagExpressions expressions(text_, tag.rest);
    macro.parts.push_back(expressions.Name(Role::kIdentifier, "name"));
    macro.parts.push_back(Parameters(expressions, tag));
    ExpectAtEnd(expressions, tag);
    const Tag end = Body({"endmacro"}, "body", macro.parts);
    Close(end, macro, parts);
  }

  // Hands what is in it to a macro.
  void Call(const Tag& tag, std::vector<Part>& parts) {
    Part call = Begin(tag, Role::kOther);
    TagExpressions expressions(text_, tag.rest);
    if (expressions.Is("(")) call.parts.push_back(Parameters(expressions, tag));
    call.parts.push_back(expressions.Expression(""));
    ExpectAtEnd(expressions, tag);
    const Tag end = Body({"endcall"}, "body", call.parts);
    if (error_.ok()) ExpectBare(end);
    Close(end, call, parts);
  }

  // Django has a tag alone by this name, with what is to be translated; Jinja one around that, with
  // names or nothing.
  void Trans(const Tag& tag, std::vector<Part>& parts) {
    const auto tokens = TagTokens(text_, tag.rest);
    using Kind = TagToken::Kind;
    if (tokens && tokens->front().kind == Kind::kString) return Alone(tag, Role::kOther, parts);
    const bool names = tokens && tokens->size() > 2 && (*tokens)[1].text == "=" &&
                       tokens->front().kind == Kind::kName;
    if (tokens && (tokens->size() == 1 || names)) return Enclosing(tag, "pluralize", parts);
    Fail("whether the tag trans has an end is not known", tag.whole.begin);
  }

  void Alone(const Tag& tag, Role role, std::vector<Part>& parts) {
    Part alone = Begin(tag, role);
    alone.parts.push_back(NamePart(tag));
    TagExpressions expressions(text_, tag.rest);
    expressions.Rest(alone.parts);
    ExpectAtEnd(expressions, tag);
    Close(tag, alone, parts);
  }

  void Enclosing(const Tag& tag, std::string_view between, std::vector<Part>& parts) {
    Part around = Begin(tag, Role::kOther);
    around.parts.push_back(NamePart(tag));
    TagExpressions expressions(text_, tag.rest);
    expressions.Rest(around.parts);
    ExpectAtEnd(expressions, tag);
    const std::string closing = absl::StrCat("end", std::string(tag.name));
    Names ends = {closing};
    if (!between.empty()) ends.push_back(between);
    Tag next = Body(ends, "body", around.parts);
    if (error_.ok() && next.name != closing) {
      next = Body({closing}, "alternative", around.parts);
    }
    Close(next, around, parts);
  }

  // Shown as it is, up to its end.
  void Verbatim(const Tag& tag, std::vector<Part>& parts) {
    std::string name(TextOf(tag.rest));
    std::erase(name, ' ');
    const std::string closing = absl::StrCat("end", std::string(tag.name));
    for (uint32_t from = at_;;) {
      const size_t open = text_.find("{%", from);
      if (open == text_.npos) return Fail("a tag is not closed", tag.whole.begin);
      const size_t close = text_.find("%}", open + 2);
      if (close == text_.npos) return Fail("a tag is not closed", tag.whole.begin);
      std::string inside(text_.substr(open + 2, close - open - 2));
      std::erase_if(inside, [](char c) { return c == ' ' || c == '-' || c == '+'; });
      // What Django takes for one of its other tags does not end it.
      const std::string_view line = text_.substr(0, open);
      const std::string_view before = line.substr(line.rfind('\n') + 1);
      const auto is_open = [&](std::string_view opens, std::string_view closes) {
        const size_t last = before.rfind(opens);
        return last != before.npos && before.find(closes, last) == before.npos;
      };
      if (is_open("{#", "#}") || is_open("{{", "}}")) {
        return Fail("where what is shown as it is ends is not clear", tag.whole.begin);
      }
      if (inside == closing + name) {
        AddMarkup(static_cast<uint32_t>(open), parts);
        at_ = static_cast<uint32_t>(close) + 2;
        return;
      }
      // What looks like its end, or ends in another tag, is read in several ways.
      if (inside.find(closing) != std::string::npos || inside.find("{%") != std::string::npos) {
        return Fail("where what is shown as it is ends is not clear", tag.whole.begin);
      }
      from = static_cast<uint32_t>(close) + 2;
    }
  }

  void CommentBlock(const Tag& tag) {
    for (uint32_t from = at_;;) {
      const size_t open = text_.find("{%", from);
      const size_t close = open == text_.npos ? open : text_.find("%}", open + 2);
      if (close == text_.npos) return Fail("a tag is not closed", tag.whole.begin);
      std::string inside(text_.substr(open + 2, close - open - 2));
      std::erase(inside, ' ');
      // What is in {# #} or shown as it is does not end it.
      const std::string_view before = text_.substr(from, open - from);
      const bool other = before.find("{#") != text_.npos || inside.find("verbatim") != text_.npos ||
                         before.find("{{") != text_.npos || inside.find("{%") != text_.npos ||
                         inside.find("comment") == 0;
      if (other) return Fail("where a comment ends is not clear", tag.whole.begin);
      from = static_cast<uint32_t>(close) + 2;
      if (inside != "endcomment") continue;
      at_ = from;
      return;
    }
  }

  const std::string_view text_;
  const TagDialect dialect_;
  const std::span<const std::string> own_tags_;
  uint32_t at_ = 0;
  int depth_ = 0;
  absl::Status error_;
};

}  // namespace

std::span<const std::string_view> TagFields() { return kFields; }

absl::StatusOr<Part> ReadTags(std::string_view text, TagDialect dialect,
                              std::span<const std::string> own_tags) {
  return TagReader(text, dialect, own_tags).Read();
}

}  // namespace gate::flags
