interface Store {
    fun loadAll()
    fun drop()
}
class Full : Store {
    fun loadAll() {
    }
    fun drop() {
    }
}
class A {
    fun launch(store: Store, other: Other) {
        if (flags.isEnabled("tasks_v2")) {
        }
        other.drop()
    }
}
class B : Store {
}
