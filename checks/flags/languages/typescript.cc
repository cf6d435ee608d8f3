#include "checks/flags/language.h"
#include "checks/flags/languages/ecmascript.h"

extern "C" const TSLanguage* tree_sitter_typescript();

namespace gate::flags {
namespace {
constexpr std::string_view kExtensions[] = {".ts", ".mts", ".cts"};
}  // namespace

extern const Language kLanguage_typescript;
const Language kLanguage_typescript = EcmaScript("TypeScript", kExtensions, tree_sitter_typescript);

}  // namespace gate::flags
