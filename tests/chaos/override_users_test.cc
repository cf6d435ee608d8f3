// What the chaos run calls a wrong use of an override is one.
#include "tests/chaos/override_users.h"

#include "gtest/gtest.h"

namespace gate {
namespace {

using Kind = OverrideUse::Kind;
using History = std::vector<Operation<OverrideUse>>;

bool IsWell(const History& history) {
  return IsLinearizable(history, OverrideLife::kPending, NextLife);
}

TEST(OverrideLifeTest, IsUsedOnceAfterItsApprovalAndNotAfterItWasTakenBack) {
  const Operation<OverrideUse> approved{1, 2, {Kind::kApproved}};
  EXPECT_TRUE(IsWell({approved, {3, 4, {Kind::kUsed}}}));
  EXPECT_FALSE(IsWell({approved, {3, 4, {Kind::kUsed}}, {3, 9, {Kind::kUsed}}}));
  EXPECT_FALSE(IsWell({{3, 4, {Kind::kApproved}}, {1, 2, {Kind::kUsed}}}));
  EXPECT_FALSE(IsWell({approved, {3, 4, {Kind::kRevoked}}, {5, 6, {Kind::kUsed}}}));
  // At a time: whichever came first, the other one is refused.
  EXPECT_FALSE(IsWell({approved, {3, 6, {Kind::kRevoked}}, {4, 5, {Kind::kUsed}}}));
  EXPECT_TRUE(IsWell({approved, {3, 6, {Kind::kNotRevocable}}, {4, 5, {Kind::kUsed}}}));
  EXPECT_FALSE(IsWell({approved, {3, 4, {Kind::kNotRevocable}}, {5, 6, {Kind::kUsed}}}));
}

}  // namespace
}  // namespace gate
