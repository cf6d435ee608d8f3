#include "checks/flags/language.h"
#include "checks/flags/languages/ecmascript.h"

extern "C" const TSLanguage* tree_sitter_tsx();

namespace gate::flags {
namespace {
constexpr std::string_view kExtensions[] = {".tsx"};
}  // namespace

extern const Language kLanguage_tsx;
const Language kLanguage_tsx = EcmaScript("TSX", kExtensions, tree_sitter_tsx);

}  // namespace gate::flags
