// All that a database's catalogue holds, object by object as text: two inventories are equal where
// PostgreSQL would dump the same. Left out is what no statement can tell: owners (a scratch server
// has its own), comments, statistics targets, where things are stored.
#ifndef GATE_EVIDENCE_REHEARSAL_INVENTORY_H_
#define GATE_EVIDENCE_REHEARSAL_INVENTORY_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gate/evidence/rehearsal/session.h"
#include "gate/v1/rehearsal.pb.h"

namespace gate {

struct InventoryItem {
  std::string parent;      // the object that it goes with: "table public.orders"
  std::string definition;  // "character varying(20) NOT NULL"
};

// By object: "column public.orders.note".
using Inventory = std::map<std::string, InventoryItem>;

// Reads it as the administrator, whose search path nobody else can change.
absl::StatusOr<Inventory> ReadInventory(Session& admin);

// How `after` differs from `before`, by object.
std::vector<v1::CatalogueDifference> Differences(const Inventory& before, const Inventory& after);

}  // namespace gate

#endif  // GATE_EVIDENCE_REHEARSAL_INVENTORY_H_
