# Puts a file into the program: cmake -DINPUT=file -DOUTPUT=stem -DSYMBOL=kName -P embed.cmake writes
# OUTPUT.cc, which defines `const std::string_view gate::kName`.
file(READ ${INPUT} bytes HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${bytes}")
file(WRITE ${OUTPUT} "#include <string_view>
namespace gate {
namespace {
constexpr char kBytes[] = {${bytes}'\\0'};
}  // namespace
extern const std::string_view ${SYMBOL};
const std::string_view ${SYMBOL}(kBytes, sizeof(kBytes) - 1);
}  // namespace gate
")
