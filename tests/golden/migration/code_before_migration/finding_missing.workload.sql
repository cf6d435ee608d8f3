SELECT srid FROM spatial_ref_sys;
SELECT id FROM spatial_ref_sys;
