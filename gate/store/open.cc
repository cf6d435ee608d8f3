#include "absl/strings/str_cat.h"
#include "gate/store/postgres.h"
#include "gate/store/sqlite.h"
#include "gate/store/store.h"

namespace gate {
namespace {

constexpr std::string_view kSqlite = "sqlite:";

absl::Status CheckOptions(const StoreOptions& options) {
  if (options.write_connections < 1 || options.write_connections > 16) {
    return absl::InvalidArgumentError("store.write_connections must be 1 to 16");
  }
  if (options.max_group < 1 || options.max_waiting < 1) {
    return absl::InvalidArgumentError("the store's max_group and max_waiting must be at least 1");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> OpenStore(std::string_view url,
                                                 const StoreOptions& options) {
  if (absl::Status status = CheckOptions(options); !status.ok()) return status;
  if (url.starts_with(kSqlite)) {
    return OpenSqlite(std::string(url.substr(kSqlite.size())), options);
  }
  if (url.starts_with("postgresql://") || url.starts_with("postgres://")) {
    return OpenPostgres(std::string(url), options);
  }
  // Not the URL itself: it may hold a password.
  const std::string_view scheme = url.substr(0, url.find(':'));
  return absl::InvalidArgumentError(
      absl::StrCat("the store URL begins with \"", std::string(scheme),
                   "\"; it has to be sqlite:/path/to/gate.db or postgresql://user@host/database"));
}

}  // namespace gate
