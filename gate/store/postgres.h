// The shared store: one PostgreSQL database behind any number of gated replicas.
#ifndef GATE_STORE_POSTGRES_H_
#define GATE_STORE_POSTGRES_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "gate/store/store.h"

namespace gate {

// `url` is libpq's connection URI; with several hosts the one that takes writes is used, and looked
// for again when it is gone. FAILED_PRECONDITION where the server is set up so that commits may be
// lost.
absl::StatusOr<std::unique_ptr<Store>> OpenPostgres(const std::string& url,
                                                    const StoreOptions& options);

}  // namespace gate

#endif  // GATE_STORE_POSTGRES_H_
