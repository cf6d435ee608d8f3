interface Store {
    fun loadAll()
    fun drop()
}
class Full : Store {
    fun loadAll() {
        renew() // +I
    }
    fun drop() {
        renew() // +U
    }
}
class A {
    fun launch(store: Store, other: Other) {
        if (flags.isEnabled("tasks_v2")) {
            store.loadAll() // +C
            store.drop() // +C
        }
        other.drop()
    }
}
class B : Store {
    override fun later() { // +N
        renew() // +U
    } // +N
}
