#include "checks/flags/language.h"
#include "checks/flags/languages/ecmascript.h"

extern "C" const TSLanguage* tree_sitter_javascript();

namespace gate::flags {
namespace {
constexpr std::string_view kExtensions[] = {".js", ".jsx", ".mjs", ".cjs"};
}  // namespace

extern const Language kLanguage_javascript;
const Language kLanguage_javascript = EcmaScript("JavaScript", kExtensions, tree_sitter_javascript);

}  // namespace gate::flags
