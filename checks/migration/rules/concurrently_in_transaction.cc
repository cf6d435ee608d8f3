// CREATE INDEX CONCURRENTLY and its kin need several transactions of their own: inside one
// PostgreSQL refuses them (25001) and the migration fails. Many runners open a transaction around
// each file, and several statements sent as one query share an implicit one.
#include "absl/strings/str_cat.h"
#include "checks/migration/rule.h"

namespace gate::migration {
namespace {

std::optional<Remark> Examine(const Scene& scene) {
  const auto* refused = As<OutsideTransaction>(scene.action);
  if (refused == nullptr || !scene.in_transaction) return std::nullopt;
  return Remark{
      .subject = refused->command,
      .effects = {v1::EFFECT_BREAKS_NEW_VERSION},
      .message = absl::StrCat("PostgreSQL refuses ", refused->command,
                              " inside a transaction, and "
                              "this one runs in one: the migration fails here, and the new "
                              "version does not get its schema."),
      .instead = {.now = "Put the statement into a file of its own, and tell the runner not to "
                         "open a transaction around it."}};
}

}  // namespace

extern constinit const Rule kRule_concurrently_in_transaction = {
    .id = "migration.concurrently_in_transaction",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Runs inside a transaction what PostgreSQL refuses there",
    .why =
        "The statement fails with 25001, and with it the migration: new nodes start without the "
        "schema that they need. All versions.",
    .instead =
        "A file of its own without a transaction: -- +goose NO TRANSACTION, -- migrate:up "
        "transaction:false, -- no-transaction, as the tool has it.",
    .examine = Examine,
};

}  // namespace gate::migration
