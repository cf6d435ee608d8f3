// Colour, and text that fits a terminal.
#ifndef CHECKS_RENDER_PAINT_H_
#define CHECKS_RENDER_PAINT_H_

#include <string>
#include <string_view>

#include "gate/v1/verdict.pb.h"

namespace gate::render {

enum class Style { kPlain, kBold, kDim, kRed, kYellow, kGreen, kBlue, kMagenta };

// The text in the style, or as it is where `color` is false. The text must be escaped already.
std::string Paint(std::string_view text, Style style, bool color);

// The style that a decision, outcome or severity is shown in, beside its word.
Style StyleOf(v1::Decision decision);
Style StyleOf(v1::Outcome outcome);
Style StyleOf(v1::Severity severity);

// The text in lines of at most `width` columns (0: as long as they are), each begun with `indent`
// blanks. Breaks at blanks; lines of the text that begin with a blank, such as pasted code, stay
// whole. Ends with a line feed.
std::string Wrap(std::string_view text, int indent, int width);

// The text with blanks behind it up to `width` columns.
std::string PadRight(std::string_view text, int width);

// At most `width` columns of one line, cut with "…" ("..." without Unicode).
std::string Clip(std::string_view text, int width, bool unicode);

}  // namespace gate::render

#endif  // CHECKS_RENDER_PAINT_H_
