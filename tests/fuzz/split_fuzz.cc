// Any bytes cut into statements: the pieces lie in the text, in order, and nothing between them is
// a statement, so that none is lost. Each is parsed; what it is said to do lies within it.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "checks/migration/sql/parse.h"
#include "checks/migration/sql/split.h"
#include "checks/migration/sql/text.h"

namespace {

using gate::migration::Piece;
using gate::migration::Span;
using gate::migration::Splitter;

void CheckStatement(std::string_view text, Span span) {
  gate::migration::Statement statement;
  if (const auto error = gate::migration::Parse(text, span, statement)) {
    if (error->message.empty() || error->offset < span.begin || error->offset > span.end) {
      std::abort();
    }
    return;
  }
  for (const gate::migration::Action& action : statement.actions) {
    const Span at = action.span;
    if (at.begin < span.begin || at.end > span.end || at.begin > at.end) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (gate::migration::FindFlaw(text)) return 0;  // Nothing of such a text is looked at.
  const auto end = static_cast<uint32_t>(size);
  Splitter splitter(text, {0, end});
  uint32_t at = 0;
  for (Piece piece = splitter.Next(); piece.kind != Piece::Kind::kEnd; piece = splitter.Next()) {
    const Span span = piece.span;
    if (span.begin < at || span.begin >= span.end || span.end > end) std::abort();
    if (Splitter(text, {at, span.begin}).Next().kind != Piece::Kind::kEnd) std::abort();
    if (piece.kind == Piece::Kind::kStatement) CheckStatement(text, span);
    at = span.end;
  }
  if (Splitter(text, {at, end}).Next().kind != Piece::Kind::kEnd) std::abort();
  return 0;
}
