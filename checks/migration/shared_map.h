// An ordered map whose copies share what they have in common: a copy takes constant time, and what
// changes afterwards takes memory for the path to it alone (path copying: Driscoll, Sarnak,
// Sleator, Tarjan, "Making data structures persistent", 1989, section 2; an AVL tree underneath).
//
// Like std::map, but that values change through Edit alone; keys are looked for by whatever can be
// compared with them. Any change ends the validity of all
// iterators and references of that copy; those of other copies stay valid. Copies may be used by
// different threads, one copy by one thread at a time.
#ifndef CHECKS_MIGRATION_SHARED_MAP_H_
#define CHECKS_MIGRATION_SHARED_MAP_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <memory>
#include <utility>

namespace gate::migration {

template <typename Key, typename Value>
class SharedMap {
  struct Node;
  using Link = std::shared_ptr<Node>;

 public:
  using value_type = std::pair<const Key, Value>;

  class const_iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = SharedMap::value_type;
    using difference_type = std::ptrdiff_t;
    using pointer = const value_type*;
    using reference = const value_type&;

    const_iterator() = default;
    reference operator*() const { return *path_[depth_ - 1]->entry; }
    pointer operator->() const { return path_[depth_ - 1]->entry.get(); }
    const_iterator& operator++() {
      const Node* node = path_[--depth_];
      Descend(node->right.get());
      return *this;
    }
    const_iterator operator++(int) {
      const_iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const const_iterator& a, const const_iterator& b) {
      if (a.depth_ == 0 || b.depth_ == 0) return a.depth_ == b.depth_;
      return a.path_[a.depth_ - 1] == b.path_[b.depth_ - 1];
    }

   private:
    friend class SharedMap;
    // The height of an AVL tree is under 1.45 log2 of its size: enough for 2^32.
    static constexpr size_t kMaxHeight = 48;

    void Push(const Node* node) { path_[depth_++] = node; }
    void Descend(const Node* node) {
      for (; node != nullptr; node = node->left.get()) Push(node);
    }

    std::array<const Node*, kMaxHeight> path_;  // those that are still to come, the next one last
    size_t depth_ = 0;
  };
  using iterator = const_iterator;

  const_iterator begin() const {
    const_iterator at;
    at.Descend(root_.get());
    return at;
  }
  const_iterator end() const { return {}; }
  bool empty() const { return root_ == nullptr; }

  template <typename Like>
  const_iterator lower_bound(const Like& key) const {
    const_iterator at;
    for (const Node* node = root_.get(); node != nullptr;) {
      if (node->entry->first < key) {
        node = node->right.get();
      } else {
        at.Push(node);
        node = node->left.get();
      }
    }
    return at;
  }

  // nullptr where the key is not in the map.
  template <typename Like>
  const Value* Find(const Like& key) const {
    for (const Node* node = root_.get(); node != nullptr;) {
      const auto order = key <=> node->entry->first;
      if (order == 0) return &node->entry->second;
      node = order < 0 ? node->left.get() : node->right.get();
    }
    return nullptr;
  }
  template <typename Like>
  bool contains(const Like& key) const {
    return Find(key) != nullptr;
  }

  // The value to change; made where the key is not in the map.
  template <typename Like>
  Value& Edit(const Like& key) {
    Entry* entry = nullptr;
    Put(root_, key, entry);
    return entry->second;
  }

  template <typename Like>
  void erase(const Like& key) {
    if (contains(key)) Take(root_, key);
  }

 private:
  using Entry = value_type;
  struct Node {
    std::shared_ptr<Entry> entry;
    Link left, right;
    int height = 1;
  };

  static int HeightOf(const Link& link) { return link == nullptr ? 0 : link->height; }

  // The node to change: itself where nobody else has it, else a copy. Whoever calls owns the link.
  static Node& Own(Link& link) {
    if (link.use_count() != 1) link = std::make_shared<Node>(*link);
    return *link;
  }

  static void Measure(Node& node) {
    node.height = 1 + std::max(HeightOf(node.left), HeightOf(node.right));
  }

  static void RotateRight(Link& link) {
    Own(link);
    Own(link->left);
    Link top = std::move(link->left);
    link->left = std::move(top->right);
    Measure(*link);
    top->right = std::move(link);
    link = std::move(top);
    Measure(*link);
  }

  static void RotateLeft(Link& link) {
    Own(link);
    Own(link->right);
    Link top = std::move(link->right);
    link->right = std::move(top->left);
    Measure(*link);
    top->left = std::move(link);
    link = std::move(top);
    Measure(*link);
  }

  static void Balance(Link& link) {
    Node& node = *link;
    const int lean = HeightOf(node.left) - HeightOf(node.right);
    if (lean > 1) {
      Node& left = Own(node.left);
      if (HeightOf(left.left) < HeightOf(left.right)) RotateLeft(node.left);
      RotateRight(link);
    } else if (lean < -1) {
      Node& right = Own(node.right);
      if (HeightOf(right.right) < HeightOf(right.left)) RotateRight(node.right);
      RotateLeft(link);
    } else {
      Measure(node);
    }
  }

  template <typename Like>
  static void Put(Link& link, const Like& key, Entry*& entry) {
    if (link == nullptr) {
      link = std::make_shared<Node>();
      link->entry = std::make_shared<Entry>(Key(key), Value());
      entry = link->entry.get();
      return;
    }
    Node& node = Own(link);
    const auto order = key <=> node.entry->first;
    if (order < 0) {
      Put(node.left, key, entry);
    } else if (order > 0) {
      Put(node.right, key, entry);
    } else {
      if (node.entry.use_count() != 1) node.entry = std::make_shared<Entry>(*node.entry);
      entry = node.entry.get();
      return;
    }
    Balance(link);
  }

  // Takes the first node out, and returns its entry.
  static std::shared_ptr<Entry> TakeFirst(Link& link) {
    Node& node = Own(link);
    if (node.left == nullptr) {
      std::shared_ptr<Entry> entry = std::move(node.entry);
      Link rest = std::move(node.right);
      link = std::move(rest);
      return entry;
    }
    std::shared_ptr<Entry> entry = TakeFirst(node.left);
    Balance(link);
    return entry;
  }

  template <typename Like>
  static void Take(Link& link, const Like& key) {
    Node& node = Own(link);
    const auto order = key <=> node.entry->first;
    if (order < 0) {
      Take(node.left, key);
    } else if (order > 0) {
      Take(node.right, key);
    } else if (node.left == nullptr || node.right == nullptr) {
      Link rest = std::move(node.left == nullptr ? node.right : node.left);
      link = std::move(rest);
      return;
    } else {
      node.entry = TakeFirst(node.right);
    }
    Balance(link);
  }

  Link root_;
};

}  // namespace gate::migration

#endif  // CHECKS_MIGRATION_SHARED_MAP_H_
