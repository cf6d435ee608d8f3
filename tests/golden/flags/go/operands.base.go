package a

func (s *Store) launch() {
	begin()
}
