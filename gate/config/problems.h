// What is wrong with a value of the configuration, in words; "" where nothing is.
#ifndef GATE_CONFIG_PROBLEMS_H_
#define GATE_CONFIG_PROBLEMS_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace gate {

// Certificates, keys, tokens, policies: all far below.
inline constexpr size_t kMaxConfiguredFileBytes = 4 << 20;

// A file that cannot be read, or is empty.
std::string FileProblem(const std::string& file, size_t max_bytes = kMaxConfiguredFileBytes);

// A base URL of http or https. `example`: one as it should be. `credentials`: the field that
// secrets go into, since verdicts and metrics show the URL.
std::string UrlProblem(std::string_view url, std::string_view example,
                       std::string_view credentials);

}  // namespace gate

#endif  // GATE_CONFIG_PROBLEMS_H_
