ALTER TYPE shop.state ADD VALUE IF NOT EXISTS 'can''t pay' BEFORE 'paid';
