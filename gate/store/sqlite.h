// The embedded store: one SQLite database in WAL mode, of which each commit is synced
// (synchronous=FULL). One gated at a time has it; others may read the file.
#ifndef GATE_STORE_SQLITE_H_
#define GATE_STORE_SQLITE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "gate/store/store.h"

namespace gate {

// `path` is a file, which is made where there is none, or ":memory:", which is gone with the store.
absl::StatusOr<std::unique_ptr<Store>> OpenSqlite(const std::string& path,
                                                  const StoreOptions& options);

}  // namespace gate

#endif  // GATE_STORE_SQLITE_H_
