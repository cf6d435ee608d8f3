// One escaper per format. Everything that is rendered comes from outside (SQL, messages, paths), so
// each format escapes what it prints, and nothing in it can move a cursor, end an annotation or
// open a tag. All of them take any bytes: what is not UTF-8 becomes U+FFFD.
#ifndef CHECKS_RENDER_ESCAPE_H_
#define CHECKS_RENDER_ESCAPE_H_

#include <string>
#include <string_view>

namespace gate::render {

// The text with each byte sequence that is not UTF-8 replaced by U+FFFD.
std::string ValidUtf8(std::string_view text);

// For a terminal: control characters (but not line feed and tab) and characters that change the
// direction of writing are shown as \u{1b}. Carriage returns before line feeds vanish.
std::string EscapeTerminal(std::string_view text);

// As EscapeTerminal, on one line: line feeds and tabs become blanks.
std::string EscapeTerminalLine(std::string_view text);

// XML 1.0 text and attribute values. Characters that XML cannot hold become U+FFFD.
std::string EscapeXml(std::string_view text);

// The message of a GitHub workflow command: % CR LF.
std::string EscapeGithubMessage(std::string_view text);

// A property of a GitHub workflow command: as the message, and : and , as well.
std::string EscapeGithubProperty(std::string_view text);

// Markdown, inline and in cells of tables: nothing is markup, line feeds become blanks.
std::string EscapeMarkdown(std::string_view text);

// A fenced code block whose fence is longer than any that the text holds.
std::string MarkdownCodeBlock(std::string_view language, std::string_view text);

// A relative URI reference for a path: percent-encoded, forward slashes, no leading "./" or "/".
std::string EscapeUriPath(std::string_view path);

// How many columns a terminal takes for the text: 0 for combining marks, 2 for wide characters.
int DisplayWidth(std::string_view text);

}  // namespace gate::render

#endif  // CHECKS_RENDER_ESCAPE_H_
