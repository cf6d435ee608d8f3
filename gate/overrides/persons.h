// Whether two ways to name somebody may mean one person. An approver has to be shown to be another
// one than the requester and the authors; so where this is in doubt, they are taken to be the same.
//
// Actors are subjects as v1::Caller has them: "spiffe://example.com/people/alice", "token:alice",
// "dns:alice.example.com", "open:alice". What names the person is behind the last "/" or ":".
// Authors are as git has them, "Alice Liddell <alice@example.com>", or one of the two. Case, dots,
// hyphens and the like count for nothing. An actor may be an author where its name is
//   the author's address, or its part before the "@", before or behind a "+" of it;
//   the author's whole name, or a word of it.
#ifndef GATE_OVERRIDES_PERSONS_H_
#define GATE_OVERRIDES_PERSONS_H_

#include <string_view>

namespace gate {

// Whether the actor tells nothing of who it is: empty, "open:anonymous", or without a name.
bool IsNobody(std::string_view actor);

// Both are actors.
bool MayBeSameActor(std::string_view a, std::string_view b);

// Not where the author is empty: then nobody is told.
bool MayBeAuthor(std::string_view actor, std::string_view author);

}  // namespace gate

#endif  // GATE_OVERRIDES_PERSONS_H_
