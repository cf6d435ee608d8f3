#include "gate/evaluate/content_memo.h"

#include <memory>
#include <string>

#include "gate/base/digest.h"
#include "gtest/gtest.h"

namespace gate {
namespace {

std::shared_ptr<v1::Observation> Seen(const std::string& name, int64_t seconds) {
  auto observation = std::make_shared<v1::Observation>();
  observation->set_id("a");
  observation->mutable_calendar()->set_name(name);
  observation->mutable_observed_at()->set_seconds(seconds);
  return observation;
}

TEST(ContentMemoTest, TheContentIsWhatWasSeenAndNotWhen) {
  ContentMemo memo(1 << 20);
  const Blob content = memo.Of(Seen("a", 1));
  EXPECT_EQ(content.digest, Sha256Hex(*content.content));
  EXPECT_EQ(memo.Of(Seen("a", 2)).digest, content.digest);
  EXPECT_NE(memo.Of(Seen("b", 1)).digest, content.digest);
}

TEST(ContentMemoTest, OfWhatIsSharedItIsMadeOnce) {
  ContentMemo memo(1 << 20);
  const std::shared_ptr<const v1::Observation> alone = Seen("a", 1);
  const auto shared = alone;
  EXPECT_EQ(memo.Of(shared).content, memo.Of(shared).content);  // The same object.
}

// An address that is free again may become another observation's.
TEST(ContentMemoTest, WhatIsForgottenIsNotMistakenForAnother) {
  ContentMemo memo(1);
  for (int i = 0; i < 1000; ++i) {
    const std::string name = std::to_string(i);
    const std::shared_ptr<const v1::Observation> first = Seen(name, 1);
    const auto shared = first;
    ContentMemo fresh(0);
    EXPECT_EQ(memo.Of(shared).digest, fresh.Of(Seen(name, 1)).digest);
  }
}

}  // namespace
}  // namespace gate
