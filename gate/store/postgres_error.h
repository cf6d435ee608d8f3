// What PostgreSQL's error codes (Appendix A of its manual) mean for a store.
#ifndef GATE_STORE_POSTGRES_ERROR_H_
#define GATE_STORE_POSTGRES_ERROR_H_

#include <string_view>

#include "absl/status/status.h"

namespace gate {

// As the errors of PostgresConnection.
absl::Status PostgresError(std::string_view sqlstate, std::string_view message);

// The server cannot be reached, or fell silent.
absl::Status PostgresGone(std::string_view message);

}  // namespace gate

#endif  // GATE_STORE_POSTGRES_ERROR_H_
